// Whether a processor has instructions that multiply and add 8-bit integers at once: without them int8 is seldom faster than float32.
// Read from the words that Linux lists in /proc/cpuinfo ("flags" on x86, "Features" on ARM).

export interface Int8Support {
  /** Instructions for 8-bit products; undefined where the processor does not say. */
  readonly isFast: boolean | undefined;
  /** Those found ("avx512_vnni"), in words. */
  readonly found: readonly string[];
  /** x86 without them: sums of two products must stay within 16 bits, so weights should have 7 bits. */
  readonly saturates: boolean;
}

const FAST: readonly string[] = ["avx512_vnni", "avx_vnni", "avx_vnni_int8", "amx_int8", "asimddp", "i8mm", "svei8mm"];
const LISTS = /^(flags|features)\s*:\s*(.*)$/imu;

/** @param cpuInfo contents of /proc/cpuinfo; undefined where there is none */
export function int8Support(cpuInfo: string | undefined): Int8Support {
  const [, kind = "", words = ""] = (cpuInfo !== undefined && LISTS.exec(cpuInfo)) || [];
  if (words.trim() === "") return { isFast: undefined, found: [], saturates: false };
  const own = new Set(words.trim().split(/\s+/u));
  const found = FAST.filter((word) => own.has(word));
  return { isFast: found.length > 0, found, saturates: kind.toLowerCase() === "flags" && found.length === 0 };
}
