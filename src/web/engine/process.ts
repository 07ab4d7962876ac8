// The record that prices single operations where a device has no prices of its own, as on the command line. Apart from the data, so
// that the page can name it without loading them.

export const PROCESS = "horowitz-45nm";
