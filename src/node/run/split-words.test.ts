import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { splitWords } from "./split-words.ts";

describe("splitWords", () => {
  it.each<[string, string[]]>([
    ["python train.py --lr 0.1", ["python", "train.py", "--lr", "0.1"]],
    ["  a \t b  ", ["a", "b"]],
    ["echo 'one two' three", ["echo", "one two", "three"]],
    ['echo "one two"', ["echo", "one two"]],
    [`node -e 'console.log("hi; there")'`, ["node", "-e", 'console.log("hi; there")']],
    [`sh -c "exit 3; true | cat"`, ["sh", "-c", "exit 3; true | cat"]],
    [`a"b"'c'd`, ["abcd"]],
    [`"" x ''`, ["", "x", ""]],
    ["a\\ b", ["a b"]],
    ['"a\\"b\\\\c\\n"', ['a"b\\c\\n']],
    ["'a\\'", ["a\\"]],
    ["a\\\nb", ["ab"]],
    ["--x='1 2' $HOME *", ["--x=1 2", "$HOME", "*"]],
    ["a\\|b \\;", ["a|b", ";"]],
  ])("%j", (text, words) => {
    expect(splitWords(text)).toEqual(words);
  });

  it.each([
    ["echo 'open", "unclosed-quote"],
    ['echo "open', "unclosed-quote"],
    ['echo "open\\"', "unclosed-quote"],
    ["echo \\", "trailing-backslash"],
    ["a | b", "needs-shell"],
    ["a && b", "needs-shell"],
    ["a > out.txt", "needs-shell"],
    ["a\nb", "needs-shell"],
    ["", "empty-command"],
    ["   ", "empty-command"],
  ])("%j is refused: %s", (text, code) => {
    expect(() => splitWords(text)).toThrow(expect.objectContaining({ code }));
  });

  it("gives back any words that were quoted", () => {
    const quote = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), (words) => {
        expect(splitWords(words.map(quote).join(" "))).toEqual(words);
      }),
      { seed: 1 },
    );
  });
});
