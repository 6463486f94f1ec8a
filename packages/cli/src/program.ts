import { LIMITS } from '@earshot/protocol';
import { Command, InvalidArgumentError, Option } from 'commander';
import { addCalls } from './commands/call/call-program.ts';
import { runServerProgram, type ServerProgram } from './commands/operator.ts';
import { FORMATS, positive } from './commands/option-values.ts';
import { deleteSessions, getSession, listSessions } from './commands/sessions.ts';
import type { ServerOptions, Setting } from './commands/setting.ts';
import { type TranscribeOptions, transcribe } from './commands/transcribe.ts';
import { ownVersion } from './version.ts';

/** The whole command line. `leave` gets the exit code of a server program that ran in our place. */
export function createProgram(setting: Setting, leave: (code: number) => void): Command {
  const program = new Command('earshot')
    .description('Self-hosted streaming transcription: send speech, get text.')
    .version(ownVersion(), '-V, --version', 'print the version')
    .showHelpAfterError();
  addTranscribe(program, setting);
  addSessions(program, setting);
  addCalls(program, setting);
  const handOver = (name: string, target: ServerProgram, description: string) =>
    program
      .command(name)
      .description(description)
      .argument('[arguments...]')
      .helpOption(false)
      .allowUnknownOption()
      .action(async (args: string[]) => {
        const own = target === 'main.js' ? [] : [name];
        leave(await runServerProgram(target, [...own, ...args]));
      });
  handOver('up', 'main.js', 'run the whole server here (--once, --no-demo)');
  handOver('keys', 'operator/main.js', 'create, list and revoke API keys');
  handOver('doctor', 'operator/main.js', 'check Redis, storage, disk, ffmpeg and engine');
  handOver('verify', 'operator/main.js', 'recompute sessions from the object store');
  handOver('retention', 'operator/main.js', 'show and set how long a tenant keeps audio and transcripts');
  handOver('models', 'operator/main.js', 'say where neural models come from and how to use them');
  return program;
}

function withServer(command: Command): Command {
  return command
    .option('--url <url>', 'server (else EARSHOT_URL, else http://127.0.0.1:8080)')
    .option('--key-file <path>', 'file that holds the API key (else EARSHOT_API_KEY)');
}

function addTranscribe(program: Command, setting: Setting): void {
  withServer(program.command('transcribe').argument('<file...>', 'audio files'))
    .description('send audio files and print their transcripts')
    .option('--stream', 'stream over a WebSocket instead of uploading')
    .option('--chunked', 'upload in WAV files of 10 s')
    .option('--speed <times>', 'streaming speed in times real time, or "max"', speed, 1)
    .addOption(new Option('--format <format>', 'of the transcript').choices(FORMATS).default('txt'))
    .addOption(new Option('--model <model>', 'engine class').choices(['lite', 'pro']).default('lite'))
    .option('--language <code>', 'ISO 639-1 code of the speech')
    .option('--rate <hz>', 'samples per second of .pcm and .raw files', sampleRate, 16_000)
    .option('--timeout <seconds>', 'how long to wait for the transcript', positive, 3600)
    .action((files: string[], options: TranscribeOptions) => transcribe(setting, files, options));
}

function addSessions(program: Command, setting: Setting): void {
  const sessions = program.command('sessions').description('list, show and erase sessions');
  withServer(sessions.command('list'))
    .description('newest first')
    .option('--limit <count>', 'sessions on one page', positive, LIMITS.defaultPageSize)
    .option('--cursor <cursor>', 'next page')
    .action((options: ServerOptions & { limit: number }) => listSessions(setting, options));
  withServer(sessions.command('get').argument('<id>'))
    .description('show one session, or its transcript with --format')
    .addOption(new Option('--format <format>', 'of the transcript').choices(FORMATS))
    .action((id: string, options: ServerOptions) => getSession(setting, id, options));
  withServer(sessions.command('delete').argument('<id...>'))
    .description('erase sessions and all that belongs to them')
    .action((ids: string[], options: ServerOptions) => deleteSessions(setting, ids, options));
}

function speed(text: string): number {
  return text === 'max' ? Number.POSITIVE_INFINITY : positive(text);
}

function sampleRate(text: string): number {
  const value = Number(text);
  if (LIMITS.sampleRates.includes(value)) return value;
  throw new InvalidArgumentError(`It must be one of ${LIMITS.sampleRates.join(', ')}.`);
}
