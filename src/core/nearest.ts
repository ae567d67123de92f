/** ` (did you mean web?)` for a word with a slip of the fingers, else nothing: to end the sentence that refuses it. */
export function didYouMean(word: string, known: readonly string[]): string {
  const nearest = known
    .map((each) => ({ each, distance: distanceOf(word, each) }))
    .filter(({ each, distance }) => distance <= Math.min(2, Math.floor(each.length / 2)))
    .sort((a, b) => a.distance - b.distance)[0];
  return nearest === undefined ? '' : ` (did you mean ${nearest.each}?)`;
}

/** Letters changed, added, left out, or swapped with their neighbour (optimal string alignment). */
function distanceOf(from: string, to: string): number {
  let beforeLast: readonly number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const isSame = from[row - 1] === to[column - 1];
      const isSwapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      const swapped = isSwapped ? (beforeLast[column - 2] ?? Infinity) + 1 : Infinity;
      const changed = (last[column - 1] ?? 0) + (isSame ? 0 : 1);
      const addedOrLeft = Math.min(last[column] ?? 0, current[column - 1] ?? 0) + 1;
      current.push(Math.min(changed, addedOrLeft, swapped));
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length] ?? 0;
}
