// Bytes made wrong by dice: flips, cuts, doubled and moved ranges, long lengths, words of the format at the wrong place. Not clever:
// coverage is not measured, so it finds what a careless or broken writer would make, not what an attacker would search for for weeks.

/** A small seeded generator (xorshift32): the same seed gives the same file, on every machine. */
function dice(seed) {
  let state = (seed * 2654435761 + 0x9e3779b9) >>> 0 || 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
  const below = (count) => Math.floor(next() * count);
  return { below, pick: (list) => list[below(list.length)] };
}

const splice = (bytes, at, removed, added) =>
  Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(Math.min(bytes.length, at + removed))]);

/** What breaks readers of numbers, text and lengths. */
const NASTY = [
  ...[
    "",
    "0",
    "-1",
    "1e999",
    "-1e-999",
    "NaN",
    "null",
    "9".repeat(400),
    "\u0000",
    "\ufeff",
    '"',
    "{",
    "[",
    "}",
    ",",
    "\n",
    "\r\n",
  ],
  ...[
    "__proto__",
    "constructor",
    "toString",
    "../../etc/passwd",
    "%s%n",
    "[".repeat(5000),
    '{"a":'.repeat(3000),
    "=".repeat(300),
  ],
  ...["&a [*a,*a]", "!!js/function", "<<: *x", "a: &a [1]\nb: [*a, *a, *a, *a]"],
].map((text) => Buffer.from(text));
const BINARY = [
  [0xff, 0xff, 0xff, 0xff, 0x7f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0x80, 0x80, 0x80],
  [0, 0, 0, 0],
  [0xff, 0xff],
].map((bytes) => Buffer.from(bytes));

const CHANGES = [
  (bytes, { below }) => {
    const changed = Buffer.from(bytes);
    if (changed.length > 0) changed[below(changed.length)] ^= 1 << below(8);
    return changed;
  },
  (bytes, { below }) => {
    const changed = Buffer.from(bytes);
    if (changed.length > 0) changed[below(changed.length)] = below(256);
    return changed;
  },
  (bytes, { below }) => bytes.subarray(0, below(bytes.length + 1)),
  (bytes, { below }) => splice(bytes, below(bytes.length + 1), below(1 + bytes.length / 4), Buffer.alloc(0)),
  (bytes, { below }) => {
    const from = below(bytes.length + 1);
    return splice(bytes, below(bytes.length + 1), 0, bytes.subarray(from, from + below(200)));
  },
  (bytes, { below, pick }) => splice(bytes, below(bytes.length + 1), below(3), pick(NASTY)),
  (bytes, { below, pick }) => splice(bytes, below(bytes.length + 1), below(6), pick(BINARY)),
  (bytes, { below, pick }) => {
    // A whole number of the text becomes another one.
    const text = bytes.toString("latin1");
    const numbers = [...text.matchAll(/\d+/g)];
    if (numbers.length === 0) return bytes;
    const { index, 0: found } = numbers[below(numbers.length)];
    return splice(bytes, index, found.length, pick(NASTY.slice(1, 8)));
  },
];

/** The mutant of that seed. @param corpus sound inputs of the format */
export function mutant(corpus, seed) {
  const random = dice(seed);
  let bytes = Buffer.from(random.pick(corpus));
  for (let left = 1 + random.below(6); left > 0; left--) bytes = random.pick(CHANGES)(bytes, random);
  return bytes;
}
