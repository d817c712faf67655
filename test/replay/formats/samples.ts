/** Traces as the tools write them; where no output of a tool was at hand, lines in its layout, which is said. */
import { recordWriter } from '../../../src/replay/record-format.ts';
import { bytesOf } from './harness.ts';

/** Valgrind 3.19.0: `valgrind --tool=lackey --trace-mem=yes --basic-counts=no /bin/true`, shortened. */
export const lackeySample = `==31379== Lackey, an example Valgrind tool
==31379== Copyright (C) 2002-2017, and GNU GPL'd, by Nicholas Nethercote.
==31379== Using Valgrind-3.19.0 and LibVEX; rerun with -h for copyright info
==31379== Command: /bin/true
==31379==${' '}
I  0401ab70,3
I  0401ab73,5
 S 1fff000778,8
I  0401b770,1
 L 04032e40,8
 M 04033e06,1
==31379==${' '}
`;

/**
 * `drrun -t drcachesim -simulator_type view` of a trace of version 5, shortened from the README of
 * DynamoRIO/drmemtrace_samples; the two lines with data references are made up in its layout.
 */
export const viewSample = `Output format:
<--record#-> <--instr#->: <---tid---> <record details>
------------------------------------------------------------
           1           0:     2444839 <marker: version 5>
           2           0:     2444839 <marker: filetype 0xe08>
           5           0:     2444839 <marker: page size 4096>
       10660        8011:     2444840 ifetch       4 byte(s) @ 0x0000000000401d68 91038040   add    %x2 $0x00e0
       10661        8012:     2444840 write        8 byte(s) @ 0x00007f8881e37a70 by PC 0x0000000000401d68
       10662        8012:     2444840 <marker: system call 99>
------------------------------------------------------------
       10663        8012:     2444839 <marker: timestamp 13334813807921548>
       10665        8013:     2444839 read         8 byte(s) @ 0x00007ffdf9d85088 by PC 0x00000000004008d8
View tool results:
           8013 : total instructions
`;

/** The layout of a trace of version 4, from the same. */
export const olderViewSample = `Output format:
<record#>: T<tid> <record details>
------------------------------------------------------------
        1: T1774673 <marker: version 4>
   173369: T1774669 ifetch       3 byte(s) @ 0x0000000000402680 f3 48 a5             rep movsq
   173370: T1774669 read         8 byte(s) @ 0x00007f8881e37c70 by PC 0x0000000000402680
   173371: T1774669 write        8 byte(s) @ 0x00007f8881e37a70 by PC 0x0000000000402680
`;
/** Made up after view.cpp of DynamoRIO, whose newer versions print workloads. */
export const workloadViewSample = `           1           0:  W0.T2444839 <marker: version 7>
           2           1:  W0.T2444839 ifetch       4 byte(s) @ 0x0000000000401d68 non-branch
           3           1:  W1.T77 read         8 byte(s) @ 0x00007f8881e37a70 by PC 0x0000000000401d68
           4           1:  W1.T77 pref-r-L1    8 byte(s) @ 0x00007f8881e37a70 by PC 0x0000000000401d68
`;

/**
 * perf 6.1: `perf record -d -e page-faults -c 1` (and `-e cpu-clock`) and `perf script -F pid,event,ip,addr`; the
 * last line is made up, as the machine had no memory events.
 */
export const perfSample = ` 2037 page-faults:     558795ede5c0 ffffffff821e8700
 2037 page-faults:     7f95de942110 ffffffff821e8700
 2037 page-faults:     7f95de928b70     7f95de928b70
 2028 cpu-clock:u:                0     7f23cf76bb73
 2037 cpu/mem-stores/P:     7f95de91e4b0     7f95de91e4b0
`;
/** The same with `-F comm,pid,tid,time,event,addr,data_src,ip,sym,dso`; the memory events are made up. */
export const perfFieldsSample = `            bash  2028/2028  14110.284665: cpu-clock:u:                0      1e05080021 |OP N/A|LVL N/A or N/A|SNP N/A|TLB N/A|LCK N/A|BLK  N/A     7f23cf76bb73 _start
    tmux: server   912/912   14110.284671:     cpu/mem-loads,ldlat=30/P:     7ffe005c4ed9        68100142 |OP LOAD|LVL L1 hit|SNP None|TLB L1 or L2 hit|LCK No|BLK  N/A     7f95de9297c9 _dl_start (/usr/lib/ld.so)
    tmux: server   912/912   14110.284690:     ibs_op//:     7ffe005c4ee1        68100142 |OP STORE|LVL L1 hit|SNP None|TLB L1 or L2 hit|LCK No|BLK  N/A     7f95de9297d1 _dl_start (/usr/lib/ld.so)
`;

/** Made up in the layout of pinatrace.cpp in Pin's ManualExamples. */
export const pinatraceSample = `0x7f3f0f5a1103: W 0x7ffd6a3c5f98
0x7f3f0f5a1d84: W 0x7ffd6a3c5f90
0x7f3f0f5a1da8: R 0x7f3f0f7c5e68
0x7f3f0f5a1dab: R (nil)
#eof
`;

/** The examples in the description of Dinero's format, and an escape record. */
export const dinSample = `2 0 
0 1000 
0 70f60888 
2 2cb5 
1 70f60890 
3 0
`;

export interface Request {
  readonly time: number;
  readonly object: bigint;
  readonly size: number;
  readonly next: bigint;
}

/** As libCacheSim writes them. */
export function oracleBytes(requests: readonly Request[]): Uint8Array {
  const bytes = new Uint8Array(24 * requests.length);
  const view = new DataView(bytes.buffer);
  for (const [i, { time, object, size, next }] of requests.entries()) {
    view.setUint32(24 * i, time, true);
    view.setBigUint64(24 * i + 4, object, true);
    view.setUint32(24 * i + 12, size, true);
    view.setBigInt64(24 * i + 16, next, true);
  }
  return bytes;
}

export const oracleSample = oracleBytes([
  { time: 0, object: 42932745n, size: 512, next: 3n },
  { time: 0, object: 0xfedc_ba98_7654_3210n, size: 4096, next: -1n },
  { time: 1, object: 7n, size: 4096, next: 2n ** 63n - 1n },
  { time: 1, object: 42932745n, size: 512, next: -1n },
  { time: 9, object: 0xffff_ffffn, size: 512, next: -1n },
]);

export function recordSample(form: 'binary' | 'text', granularity: 'every' | 'page' = 'every'): Uint8Array {
  const pieces: Uint8Array[] = [];
  const header = { granularity, pageSize: 4096, program: ['./prog', 'ä'] };
  const writer = recordWriter(form, header, (bytes) => pieces.push(bytes));
  writer.space(0);
  writer.reference('fetch', 0x10350, 2);
  writer.reference('load', 0x3f_ffff_fdc0, 8);
  writer.reference('store', 0x12010, 4);
  writer.unmap(0x3ff7efd, 256);
  writer.space(1);
  writer.reference('store', 0x12ffc, 8);
  writer.exit();
  writer.finish();
  return Uint8Array.from(Buffer.concat(pieces));
}

export const csvSample = 'address,kind,size,pid\n0x7ffe0010,w,8,412\n4096,read,,412\n';

/** One by format. */
export const samples: Readonly<Record<string, Uint8Array>> = {
  lackey: bytesOf(lackeySample),
  pages: bytesOf('7, 0,1 2 # first\nw 3 4 r5\n18446744073709551615\n'),
  addresses: bytesOf('0x7ffe0010\nw 0x7ffe0018\ni0x401000 0xffffffffffffffff'),
  csv: bytesOf(csvSample.replace(',,', ',4,')),
  din: bytesOf(dinSample.replace('2 0', '2 415130')),
  drmemtrace: bytesOf(viewSample),
  pinatrace: bytesOf(pinatraceSample),
  perf: bytesOf(perfSample),
  'oracle-general': oracleSample,
  pagewalk: recordSample('text'),
};
