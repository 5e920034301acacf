/** Reads much of the store as it is at one instant, a little at a time. */
import { limits } from '../limits.ts'
import type { Entry } from '../memory/store.ts'
import type { Level } from './level.ts'

/** How many entries are asked for at once; they are fewer when they are long. */
const countMax = 64

/** All entries whose keys do not begin with `skipped`, in order. LevelDB keeps what they were when this began. @throws what LevelDB throws */
export async function* snapshotOf(level: Level, skipped: string): AsyncGenerator<readonly Entry[]> {
  const iterator = level.iterator({ highWaterMarkBytes: limits.exportPieceBytes })
  try {
    for (let rows = await iterator.nextv(countMax); rows.length > 0; rows = await iterator.nextv(countMax)) {
      yield rows.flatMap(([key, value]) => (key.startsWith(skipped) ? [] : [{ key, value }]))
      if (rows.at(-1)?.[0].startsWith(skipped)) iterator.seek(`${skipped}\x7f`)
    }
  } finally {
    await iterator.close()
  }
}
