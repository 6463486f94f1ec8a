import { LIMITS, RECORDING_KINDS } from '@earshot/protocol';
import { type Command, Option } from 'commander';
import { FORMATS, positive } from '../option-values.ts';
import type { ServerOptions, Setting } from '../setting.ts';
import { listAssets, playIntoCall } from './assets.ts';
import type { LineOptions } from './chosen-call.ts';
import {
  type CallAction,
  changeCall,
  getCall,
  listCalls,
  listLines,
  type PlaceOptions,
  placeCall,
} from './control.ts';
import { type EventsOptions, followEvents } from './events.ts';
import { type ListenOptions, listenToCall } from './media/listen.ts';
import { talkIntoCall } from './media/talk.ts';
import { listRecordings, type RecordOptions, saveRecording } from './recordings.ts';
import { type CallTranscriptOptions, callTranscript } from './transcript.ts';

/** `earshot call …`: live calls from the command line. */
export function addCalls(program: Command, setting: Setting): void {
  const calls = program.command('call').description('place, hear, talk into and record live calls');
  addControl(calls, setting);
  addActions(calls, setting);
  addMedia(calls, setting);
  addKept(calls, setting);
}

function withServer(command: Command): Command {
  return command
    .option('--url <url>', 'calls service (else EARSHOT_CALLS_URL, else http://127.0.0.1:8081)')
    .option('--key-file <path>', 'file that holds the API key (else EARSHOT_API_KEY)');
}

function withLine(command: Command): Command {
  return withServer(command).option('--line <id>', 'the line, where the key may use several');
}

function addControl(calls: Command, setting: Setting): void {
  withServer(calls.command('lines'))
    .description('lines that calls can be placed on')
    .action((options: ServerOptions) => listLines(setting, options));
  withLine(
    calls.command('place').argument('<to>', 'a number, or an address of the carrier such as "loop:echo"'),
  )
    .description('place a call and print its id')
    .option('--record', 'keep recordings, whatever the line does')
    .option('--no-record', 'keep none')
    .option('--transcribe', 'transcribe both sides, whatever the line does')
    .option('--no-transcribe', 'transcribe nothing')
    .option('--wait', 'return when it is answered')
    .action((to: string, options: PlaceOptions) => placeCall(setting, to, options));
  withLine(calls.command('list'))
    .description('newest first')
    .option('--limit <count>', 'calls on one page', positive, LIMITS.defaultPageSize)
    .option('--before <time>', 'calls that began before this ISO time')
    .action((options: LineOptions & { limit: number }) => listCalls(setting, options));
  withLine(calls.command('get').argument('<id>'))
    .description('show one call')
    .action((id: string, options: LineOptions) => getCall(setting, id, options));
}

function addActions(calls: Command, setting: Setting): void {
  const actions: readonly [string, string, CallAction][] = [
    ['accept', 'answer a call that rings here', (client, name) => client.accept(name)],
    ['reject', 'refuse a call that rings here', (client, name) => client.reject(name)],
    ['end', 'hang up', (client, name) => client.end(name)],
    ['clear', 'drop what the peer has not heard yet', (client, name) => client.clear(name)],
  ];
  for (const [action, description, act] of actions) {
    withLine(calls.command(action).argument('<id>'))
      .description(description)
      .action((id: string, options: LineOptions) => changeCall(setting, id, { options, act }));
  }
  withLine(calls.command('mute').argument('<id>'))
    .description('let the peer hear silence')
    .option('--off', 'let the peer hear us again')
    .action((id: string, options: LineOptions & { off?: boolean }) =>
      changeCall(setting, id, { options, act: (client, name) => client.mute(name, options.off !== true) }),
    );
}

function addMedia(calls: Command, setting: Setting): void {
  withLine(calls.command('listen').argument('<id>'))
    .description('write what the peer says, until the call ends')
    .option('--out <file>', 'WAV file (else the id with .wav)')
    .addOption(new Option('--raw', 'PCM16LE at 16 kHz on standard output instead').conflicts('out'))
    .option('--seconds <seconds>', 'how much', positive)
    .action((id: string, options: ListenOptions) => listenToCall(setting, id, options));
  withLine(calls.command('talk').argument('<id>').argument('<file>', 'any audio file'))
    .description('say a file into the call as if spoken, until the peer has heard it')
    .action((id: string, file: string, options: LineOptions) => talkIntoCall(setting, { id, file }, options));
  withLine(
    calls.command('play').argument('<id>').argument('<asset-or-file>', 'a file becomes an asset first'),
  )
    .description('queue prepared audio for the peer')
    .action((id: string, audio: string, options: LineOptions) =>
      playIntoCall(setting, { id, audio }, options),
    );
  withServer(calls.command('assets'))
    .description('prepared audio')
    .option('--delete <id>', 'delete one instead')
    .action((options: ServerOptions & { delete?: string }) => listAssets(setting, options));
}

function addKept(calls: Command, setting: Setting): void {
  const kind = new Option('--kind <kind>', 'which side').choices(RECORDING_KINDS).default('mixed');
  withLine(calls.command('recordings').argument('<id>'))
    .description('list the recordings of a call')
    .action((id: string, options: LineOptions) => listRecordings(setting, id, options));
  withLine(calls.command('record').argument('<id>'))
    .description('download a recording once it is made, after the call')
    .addOption(kind)
    .option('--out <file>', 'WAV file (else the id with the kind)')
    .option('--timeout <seconds>', 'how long to wait for it', positive, 120)
    .action((id: string, options: RecordOptions) => saveRecording(setting, id, options));
  withLine(calls.command('transcript').argument('<id>'))
    .description('print what both sides said, once it is transcribed')
    .option('--sessions-url <url>', 'session API (else EARSHOT_URL, else http://127.0.0.1:8080)')
    .addOption(new Option('--format <format>', 'of the transcript').choices(FORMATS).default('txt'))
    .option('--timeout <seconds>', 'how long to wait for it', positive, 3600)
    .action((id: string, options: CallTranscriptOptions) => callTranscript(setting, id, options));
  withLine(calls.command('events'))
    .description('print what happens on the line, as it happens')
    .option('--all', 'on all lines, and to sessions')
    .option('--after <place>', 'begin behind this place; 0-0 for all that is kept')
    .option('--count <events>', 'stop after so many', positive)
    .action((options: EventsOptions) => followEvents(setting, options));
}
