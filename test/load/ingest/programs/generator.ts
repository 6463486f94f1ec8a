import { Command } from '../generator/commands.ts';
import { type GroupTotals, type RunResult, StreamGroup } from '../generator/group.ts';

/** A process that makes load and nothing else, told what to do over IPC. */
const groups = new Map<string, StreamGroup>();

async function obey(command: Command): Promise<Partial<GroupTotals & RunResult>> {
  if (command.type === 'open') {
    const group = groups.get(command.group) ?? new StreamGroup(command.wire, command.port);
    groups.set(command.group, group);
    await group.open(command.paths);
    return group.totals();
  }
  const group = groups.get(command.group);
  if (group === undefined) throw new Error(`no group is called ${command.group}`);
  switch (command.type) {
    case 'feed':
      await group.feed(command.seconds, command.from);
      return group.totals();
    case 'flood':
      return { frames: await group.flood(command.ms) };
    case 'run':
      return group.run(command.ms);
    case 'totals':
      return group.totals();
    case 'close':
      group.close();
      groups.delete(command.group);
      return {};
  }
}

process.on('message', (message) => {
  const command = Command.parse(message);
  void obey(command)
    .catch((error: unknown) => ({ error: error instanceof Error ? error.message : String(error) }))
    .then((answer) => {
      const { user, system } = process.cpuUsage();
      process.send?.({ ...answer, id: command.id, cpuMs: (user + system) / 1000 });
    });
});
process.on('disconnect', () => process.exit(0));
