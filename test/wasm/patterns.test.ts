import { describe, expect, it } from 'vitest';
import { give, i32, i64, sequence } from '../../src/wasm/expressions.ts';
import { increase, item, localsOf, parametersOf, repeatWhile } from '../../src/wasm/patterns.ts';
import { functionOf } from './instance.ts';

describe('patterns', () => {
  it('name parameters in their order, and locals of any type', () => {
    const f = functionOf(['i32', 'i32'], 'i64', (body) => {
      const { minuend, subtrahend } = parametersOf(body, 'minuend', 'subtrahend');
      const { difference } = localsOf(body, 'i64', 'difference');
      return sequence(
        difference.set(i64.extendS(i32.sub(minuend, subtrahend))),
        give(i64.add(difference, localsOf(body, 'i64', 'zero').zero)),
      );
    });
    expect(f(3, 10)).toBe(-7n);
  });

  it('repeat while a condition holds, not even once if it does not', () => {
    // 0 + 1 + … + (n - 1)
    const sum = functionOf(['i32'], 'i32', (body) => {
      const { n } = parametersOf(body, 'n');
      const { i, total } = localsOf(body, 'i32', 'i', 'total');
      return sequence(
        repeatWhile(i32.ltS(i, n), sequence(increase(total, i), increase(i, i32.const(1)))),
        give(total),
      );
    });
    expect([-1, 0, 1, 5].map((n) => sum(n))).toEqual([0, 0, 0, 10]);
  });

  it('address items by their size', () => {
    const f = functionOf(['i32'], 'i32', (body) => give(item(parametersOf(body, 'index').index, 3)));
    expect(f(5)).toBe(40);
  });
});
