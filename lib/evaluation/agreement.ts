/**
 * Krippendorff's alpha of nominal ratings: how far raters agree beyond chance, whatever their number, and where not
 * everybody judged everything.
 *
 * `alpha = 1 - Do / De`. With `n_uc` raters who said `c` of unit `u`, `m_u` ratings of that unit, `n_c` of that class and `n`
 * in all, `Do = sum_u sum_{c != k} n_uc n_uk / (m_u - 1) / n` and `De = sum_{c != k} n_c n_k / (n (n - 1))`. Units with a
 * single rating count for nothing.
 *
 * 1 is full agreement, 0 that of chance, less is worse than chance. Fleiss' kappa wants as many ratings of every unit, and
 * Cohen's two raters.
 *
 * @param units how many raters said what of each unit
 * @returns `undefined` where no unit has two ratings, or all ratings are of one class
 * @see K. Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011, https://repository.upenn.edu/asc_papers/43
 * @example krippendorffAlpha([{ sad: 2 }, { sad: 1, angry: 1 }, { angry: 2 }]) // 0.444...
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
