/** A planted bug of homes and standbys, which a run has to find. */
export interface LogCanary {
  readonly name: string
  readonly seedsMax: number
  /** The home calls durable what only its own disk has. */
  readonly isHasty?: boolean
  /** The home leaves machines out without asking. */
  readonly agreesAlone?: boolean
  /** A machine becomes home although it is not in sync. */
  readonly promotesAnybody?: boolean
}

export const LOG_CANARIES: readonly LogCanary[] = [
  { name: 'hasty', seedsMax: 10, isHasty: true },
  { name: 'agrees alone', seedsMax: 20, agreesAlone: true },
  { name: 'promotes anybody', seedsMax: 20, promotesAnybody: true },
]
