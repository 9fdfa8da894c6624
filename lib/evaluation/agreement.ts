/**
 * Krippendorff's alpha for nominal ratings: agreement beyond chance, for any number of raters and with missing ratings.
 *
 * `alpha = 1 - Do / De`. With `n_uc` ratings of class `c` for unit `u`, `m_u` ratings of that unit, `n_c` ratings of class `c`
 * and `n` ratings in all, `Do = sum_u sum_{c != k} n_uc n_uk / (m_u - 1) / n` and `De = sum_{c != k} n_c n_k / (n (n - 1))`.
 * Units with a single rating are left out.
 *
 * 1 is full agreement, 0 is chance, below 0 is worse than chance. Fleiss' kappa needs equally many ratings of every unit,
 * Cohen's kappa ({@link kappaOf}) exactly two raters.
 *
 * @param units for each unit (clip), the number of ratings of each class
 * @returns at most 1; `undefined` when no unit has two ratings, or all ratings are of one class
 * @see K. Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011, https://repository.upenn.edu/asc_papers/43
 * @example krippendorffAlpha([{ sadness: 2 }, { sadness: 1, anger: 1 }, { anger: 2 }]); // => 4 / 9
 */
export function krippendorffAlpha(units: Iterable<Readonly<Record<string, number>>>): number | undefined {
  const totals = new Map<string, number>();
  let all = 0;
  let observed = 0;
  for (const unit of units) {
    const counts = Object.entries(unit);
    const ratings = counts.reduce((sum, [, count]) => sum + count, 0);
    if (ratings < 2) continue;
    all += ratings;
    for (const [name, count] of counts) totals.set(name, (totals.get(name) ?? 0) + count);
    const alike = counts.reduce((sum, [, count]) => sum + count * count, 0);
    observed += (ratings * ratings - alike) / (ratings - 1);
  }
  const alike = [...totals.values()].reduce((sum, count) => sum + count * count, 0);
  const expected = (all * all - alike) / (all - 1);
  return expected > 0 ? 1 - observed / expected : undefined;
}
