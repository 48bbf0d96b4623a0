// The chance that at least one of k programs passes, from n that were drawn.

/**
 * 1 - C(n - c, k) / C(n, k), as a product that does not overflow   (Chen et al. 2021, arXiv 2107.03374 eq. 1)
 *
 * @param n  programs drawn for a problem
 * @param c  those of them that pass
 * @param k  at most n
 * @example passAtK(10, 3, 5) // 0.9167
 */
export function passAtK(n: number, c: number, k: number): number {
  let failing = 1;
  for (let i = 0; i < k; i++) failing *= Math.max(0, n - c - i) / (n - i);
  return 1 - failing;
}
