import { insertRows } from './database.ts'
import { growTree } from './growth.ts'
import type { Job } from './job.ts'
import { readLarge, readRandom, writeLarge, writeRandomSynced } from './large-file.ts'
import {
  createFiles,
  createFilesSynced,
  listFolder,
  readFiles,
  scanFiles,
  statFiles,
  unlinkFiles,
} from './small-files.ts'

/** Every job by its name. */
export const jobs = {
  createFiles,
  createFilesSynced,
  growTree,
  insertRows,
  listFolder,
  readFiles,
  readLarge,
  readRandom,
  scanFiles,
  statFiles,
  unlinkFiles,
  writeLarge,
  writeRandomSynced,
} as const satisfies Readonly<Record<string, Job>>

/** The name of a job. */
export type JobName = keyof typeof jobs

/** True for the name of a job. */
export function isJobName(name: string): name is JobName {
  return Object.hasOwn(jobs, name)
}
