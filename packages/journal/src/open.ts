import type { JournalDeps, OpenJournal, RecoveredStream, Recovery } from './journal.ts';
import { JournalLog } from './journal-log.ts';
import { type Found, recover } from './recovery/recover.ts';
import { Rewrite } from './recovery/rewrite.ts';

/** Opens the journal in a folder and recovers what an earlier process left; a crash meanwhile changes nothing. */
export const openJournal: OpenJournal = async (deps) => {
  const journal = new JournalLog(deps);
  try {
    const found = await recover(deps.disk, journal.files);
    await journal.space.open();
    await settle(journal, found, deps);
    journal.reaper.start();
    return { journal, recovery: recoveryOf(journal, found) };
  } catch (error) {
    await journal.abandon();
    throw error;
  }
};

async function settle(journal: JournalLog, found: Found, deps: JournalDeps): Promise<void> {
  const { files, streams, packer, committer, log, reader } = journal;
  const states = found.streams.map(({ found: { state } }) => state);
  for (const state of states) streams.adopt(state);
  streams.nextNumber = Math.max(streams.nextNumber, found.nextStream);
  files.active = found.files.at(-1)?.file;
  packer.rotate();
  packer.putMarker();
  const rewrite = new Rewrite({ files, log, reader, recovered: found.files });
  for (const { found: stream } of found.streams) {
    await rewrite.stream(stream);
    log.ready();
  }
  files.leftovers.clear();
  packer.putLedger();
  await committer.flush();
  for (const name of found.leftovers) await deps.disk.remove(name);
  await rewrite.cut();
  await journal.eraser.overwrite(states.filter(({ erased }) => erased));
  for (const file of files.bySequence.values())
    if (file.held === 0 && file !== files.active) files.empty.add(file);
  if (deps.settings.durability !== 'off') await committer.whenStored();
}

function recoveryOf(journal: JournalLog, found: Found): Recovery {
  return {
    streams: found.streams.flatMap(({ found: { state }, damaged, endInDoubt }): RecoveredStream[] =>
      state.closed ? [] : [{ stream: journal.handleOf(state), meta: state.meta, damaged, endInDoubt }],
    ),
    damage: found.damage.map(({ file, from, to }) => ({ file, from, to })),
    tornBytes: found.tornBytes,
  };
}
