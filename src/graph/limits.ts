// The sizes beyond which a network is no network but a damaged or absurd file: one place for all who check.

/** Longest axis: 2³¹. */
export const MAX_LENGTH = 2 ** 31;

/** Most elements of one tensor, input or made on the way: 2⁴⁰, 4.4 TB of float32. */
export const MAX_ELEMENTS = 2 ** 40;
