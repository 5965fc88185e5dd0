/** Why a pattern is refused, in RE2's words. */
export class PatternProblem extends Error {
  override readonly name = 'PatternProblem'
}
