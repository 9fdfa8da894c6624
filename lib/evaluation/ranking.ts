/**
 * Area under the ROC curve: the probability that a clip of the class scores higher than one of another class,
 * equal scores counted half (Mann and Whitney's U; ranks of ties averaged), as scikit-learn's
 * `roc_auc_score`.
 *
 * @param scores one per clip
 * @param positive whether the clip is of the class
 * @returns a share in [0, 1], chance 0.5; `undefined` when all clips or none are of the class
 * @example rocAuc([0.1, 0.4, 0.35, 0.8], [false, false, true, true]) // 0.75
 */
export function rocAuc(scores: ArrayLike<number>, positive: readonly boolean[]): number | undefined {
  const order = positive.map((_, i) => i).sort((i, j) => scores[i]! - scores[j]!);
  let positives = 0;
  let rankSum = 0;
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && scores[order[end]!] === scores[order[start]!]) end++;
    const rank = (start + 1 + end) / 2;
    for (; start < end; start++) {
      if (!positive[order[start]!]) continue;
      positives++;
      rankSum += rank;
    }
  }
  const negatives = order.length - positives;
  if (positives === 0 || negatives === 0) return undefined;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}
