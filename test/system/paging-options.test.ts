/** `--disk`, `--read-ahead`, `--daemon`, `--cluster`, `--clean-every`: what they mean, and what is refused. */
import { describe, expect, it } from 'vitest';
import { DEFAULT_ARM } from '../../src/kernel/disk.ts';
import { type SystemOptions, systemConfig } from '../../src/system/config.ts';
import { formatDisk, parseDisk } from '../../src/system/disk-syntax.ts';
import { formatDaemon } from '../../src/system/paging-options.ts';

describe('--disk', () => {
  it.each([
    ['flat', { kind: 'flat' }],
    ['arm', DEFAULT_ARM],
    ['arm:seek=2ms,track=5us', { ...DEFAULT_ARM, seek: 2_000_000, track: 5_000 }],
    [
      'arm:order=elevator,pages=16,rotation=3ms,transfer=100us',
      { ...DEFAULT_ARM, order: 'elevator', trackPages: 16, rotation: 3_000_000, transfer: 100_000 },
    ],
  ])('%s', (text, model) => {
    expect(parseDisk(text, '--disk')).toEqual(model);
    expect(parseDisk(formatDisk(parseDisk(text, '--disk')), '--disk')).toEqual(model);
  });

  it('takes nearly what the notes say for a page at a random place', () => {
    const { seek, track, rotation, transfer, trackPages } = DEFAULT_ARM;
    // A third of 65,536 slots away.
    const random = seek + (65_536 / trackPages / 3) * track + rotation + transfer;
    expect(random / 1e6).toBeCloseTo(8.7, 1);
    // A turn of 7,200 a minute, and half of it.
    expect(transfer * trackPages).toBeCloseTo(60e9 / 7200, -5);
    expect(rotation * 2).toBeCloseTo(60e9 / 7200, -5);
  });

  it.each([
    ['', /unknown disk ''; give flat, or arm/],
    ['ssd', /unknown disk 'ssd'/],
    ['arm:', /unknown disk 'arm:'/],
    ['flat:seek=1ms', /unknown disk/],
    ['arm:speed=1', /'speed=1' is no setting of the arm; known, each with =VALUE: seek, track/],
    ['arm:toString=1', /is no setting/],
    ['arm:seek', /'seek' is no setting/],
    ['arm:seek=fast', /'fast' is not a duration/],
    ['arm:pages=0', /'0' is not a whole number from 1 on/],
    ['arm:order=sstf', /unknown order 'sstf'; known: fcfs, elevator/],
  ])('%j is refused', (text, message) => {
    expect(() => parseDisk(text, '--disk')).toThrow(message);
    expect(() => parseDisk(text, '--disk')).toThrow(/^--disk: /);
  });
});

describe('the page daemon and its neighbours', () => {
  const rules = (options: SystemOptions) => systemConfig({ frames: 200, ...options }).paging;

  it('do nothing unless they are told to', () => {
    expect(systemConfig({}).disk).toEqual({ kind: 'flat' });
    expect(rules({})).toEqual({ readAhead: 0, daemon: undefined, cluster: 1, cleanEvery: undefined });
  });

  it.each([
    ['10,20', { low: 10, high: 20, first: 'any' }, '10,20'],
    ['5%,10%', { low: 10, high: 20, first: 'any' }, '10,20'],
    ['0.1%,7', { low: 1, high: 7, first: 'any' }, '1,7'],
    ['10,10,clean-first', { low: 10, high: 10, first: 'clean' }, '10,10,clean-first'],
  ])('--daemon %s', (daemon, marks, text) => {
    expect(rules({ daemon }).daemon).toEqual(marks);
    expect(formatDaemon(rules({ daemon }).daemon)).toBe(text);
  });

  it('take numbers as they are written', () => {
    const paging = rules({ readAhead: '8', cluster: 16, cleanEvery: '500ms', daemon: 'off' });
    expect(paging).toEqual({ readAhead: 8, cluster: 16, cleanEvery: 5e8, daemon: undefined });
  });

  it.each<[SystemOptions, RegExp]>([
    [{ daemon: '10' }, /^--daemon: '10' is not LOW,HIGH/],
    [{ daemon: '10,20,dirty' }, /^--daemon: '10,20,dirty' is not LOW,HIGH/],
    [{ daemon: '10,x' }, /^--daemon: 'x' is not a whole number from 1 on/],
    [{ daemon: '0,5' }, /^--daemon: '0' is not a whole number/],
    [{ daemon: '20,10' }, /^--daemon: the low mark, 20 frames, is above the high one, 10/],
    [{ daemon: '10,200' }, /^--daemon: 200 free frames are all that there are \(200\)/],
    [{ daemon: '50%,100%' }, /^--daemon: 200 free frames/],
    [{ cluster: 0 }, /^--cluster: '0' is not a whole number from 1 on/],
    [{ cluster: 5000 }, /^--cluster: 5000 is more than 1024 pages/],
    [{ readAhead: -1 }, /^--read-ahead: '-1' is not a whole number from 0 on/],
    [{ cleanEvery: '0s' }, /^--clean-every: '0s' is no time/],
    [{ cleanEvery: 'often' }, /^--clean-every: 'often' is not a duration/],
  ])('%j is refused', (options, message) => {
    expect(() => rules(options)).toThrow(message);
  });
});
