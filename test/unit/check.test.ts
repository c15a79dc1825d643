import { test } from 'tap'
import { callable, duration, either, fieldsOf, flag, integerIn, listOf, numberIn, oneOf, orOff, record, recordOf, refuse, secretText, text } from '../../lib/check.js'
import type { Rule } from '../../lib/check.js'

const nothing = (): void => {}
const circle: Record<string, unknown> = {}
circle['self'] = circle

/** What a rule says to each of the values: the value itself, or its message. */
const saidOf = (rule: Rule<unknown>, values: readonly unknown[]): unknown[] => values.map(value => {
  try {
    return rule(value, 'a.b')
  } catch (error) {
    return error instanceof Error ? error.message : error
  }
})
const mustBe = (allowed: string, got: string): string => `option 'a.b' must be ${allowed}, got ${got}`

test('a value is described without its inside', async t => {
  const rows: ReadonlyArray<readonly [value: unknown, got: string]> = [
    ['text', "'text'"], ['', "''"], [7, '7'], [NaN, 'NaN'], [-0, '0'], [7n, '7'], [true, 'true'], [null, 'null'], [undefined, 'undefined'], [Symbol('s'), 'Symbol(s)'],
    [nothing, 'a function'], [class Key {}, 'a function'], [['secret'], 'an array'], [{ key: 'secret' }, 'an object'], [circle, 'an object'], [Promise.resolve('secret'), 'a promise'], [Object.create(null), 'an object']
  ]
  for (const [value, got] of rows) t.throws(() => refuse('a.b', 'better', value), { code: 'FST_BALANCE_OPTION', message: mustBe('better', got) }, got)
})

test('a number has bounds, is finite, and is no text', async t => {
  t.same(saidOf(numberIn(0, 1), [0, 0.5, 1, -Number.EPSILON, 1.0001, NaN, '0.5', null]), [
    0, 0.5, 1, mustBe('a number between 0 and 1', '-2.220446049250313e-16'), mustBe('a number between 0 and 1', '1.0001'), mustBe('a number between 0 and 1', 'NaN'), mustBe('a number between 0 and 1', "'0.5'"), mustBe('a number between 0 and 1', 'null')
  ])
  t.same(saidOf(numberIn(0, Infinity), [1e300, Infinity]), [1e300, mustBe('a number of at least 0', 'Infinity')])
  t.same(saidOf(numberIn(-1, Number.MAX_SAFE_INTEGER), [-1, -2]), [-1, mustBe('a number of at least -1', '-2')])
})

test('an integer has bounds and no fraction', async t => {
  t.same(saidOf(integerIn(1, 100), [1, 100, 0, 101, 1.5, '1']), [
    1, 100, mustBe('an integer between 1 and 100', '0'), mustBe('an integer between 1 and 100', '101'), mustBe('an integer between 1 and 100', '1.5'), mustBe('an integer between 1 and 100', "'1'")
  ])
  t.same(saidOf(integerIn(0), [2 ** 53 - 1, -1, Infinity]), [2 ** 53 - 1, mustBe('an integer of at least 0', '-1'), mustBe('an integer of at least 0', 'Infinity')])
})

test('a duration fits a timer', async t => {
  t.same(saidOf(duration(0), [0, 0.5, 2 ** 31 - 1, 2 ** 31]), [0, 0.5, 2 ** 31 - 1, mustBe('a number between 0 and 2147483647', '2147483648')])
})

test('a text matches, or is not empty', async t => {
  t.same(saidOf(text(), ['a', '\n', '', 7]), ['a', '\n', mustBe('a non-empty string', "''"), mustBe('a non-empty string', '7')])
  t.same(saidOf(text(/^a+$/, 'many a'), ['aa', 'ab']), ['aa', mustBe('many a', "'ab'")])
})

test('true and false are flags, and nothing else is', async t => {
  t.same(saidOf(flag, [true, false, 'false', 0, null]), [true, false, ...["'false'", '0', 'null'].map(got => mustBe('true or false', got))])
})

test('one of several is one of them', async t => {
  t.same(saidOf(oneOf('red', 'green'), ['red', 'blue', null]), ['red', mustBe("one of 'red', 'green'", "'blue'"), mustBe("one of 'red', 'green'", 'null')])
})

test('a function is a function', async t => {
  t.same(saidOf(callable(), [nothing, 'nothing']), [nothing, mustBe('a function', "'nothing'")])
})

test('either rule holds, by the test', async t => {
  t.same(saidOf(either(value => value === false, () => false, text()), [false, 'a', true]), [false, 'a', mustBe('a non-empty string', 'true')])
})

test('what can be switched off is false, or an object by the rule', async t => {
  const rule = orOff(fieldsOf<{ size: number }>({ size: integerIn(1) }))
  const refused = (got: string): string => mustBe('false or an object ({} for the defaults)', got)
  t.same(saidOf(rule, [false, { size: 3 }, {}, true, null, 'no', []]), [false, { size: 3 }, {}, refused('true'), refused('null'), refused("'no'"), refused('an array')])
  t.same(saidOf(rule, [{ size: 0 }]), ["option 'a.b.size' must be an integer of at least 1, got 0"])
})

test('an object is given back itself', async t => {
  t.equal(record(circle, 'a.b'), circle)
  t.same(saidOf(record, [null, [], 'a=1']), [mustBe('an object', 'null'), mustBe('an object', 'an array'), mustBe('an object', "'a=1'")])
})

test('a secret is a text that is long enough, and in no message', async t => {
  const refused = (got: string): string => mustBe('a text of at least 16 characters', got)
  t.same(saidOf(secretText, ['sixteen letters!', 'hunter2', undefined, { secret: 1 }]), ['sixteen letters!', refused('one of 7'), refused('undefined'), refused('an object')])
})

test('a list is copied, frozen, and checked entry by entry', async t => {
  const given = [1, 2]
  const list = listOf(integerIn(0))(given, 'a.b')
  t.same(list, given)
  t.not(list, given)
  t.ok(Object.isFrozen(list))
  t.notOk(Object.isFrozen(given))
  t.same(saidOf(listOf(flag), [[], 'true', [true, 1]]), [[], mustBe('an array', "'true'"), "option 'a.b[1]' must be true or false, got 1"])
})

test('a record is copied, frozen, and checked value by value', async t => {
  const given = { x: 1 }
  const record = recordOf(integerIn(0))(given, 'a.b')
  t.same(record, given)
  t.ok(Object.isFrozen(record))
  t.notOk(Object.isFrozen(given))
  t.same(saidOf(recordOf(flag), [{}, [], null, { x: 1 }]), [{}, mustBe('an object', 'an array'), mustBe('an object', 'null'), "option 'a.b.x' must be true or false, got 1"])
})

test('fields are checked one by one, and those that are undefined are left out', async t => {
  const rule = fieldsOf<{ on: boolean, size: number }>({ on: flag, size: integerIn(0) })
  const given = { on: undefined, size: 0 }
  const fields = rule(given, 'a.b')
  t.same(fields, { size: 0 })
  t.ok(Object.isFrozen(fields) && !Object.isFrozen(given))
  t.same(saidOf(rule, [{}, [], 'x', { on: 1 }, { of: 1 }, { of: undefined }]), [
    {}, mustBe('an object', 'an array'), mustBe('an object', "'x'"), "option 'a.b.on' must be true or false, got 1",
    "option 'a.b.of' is not known; known are on, size", "option 'a.b.of' is not known; known are on, size"
  ])
  t.throws(() => rule({ on: 1 }, ''), { message: /^option 'on' must be/ }, 'at the top a field has no prefix')
})

test('names of the prototype are no fields — in options that were parsed from JSON', async t => {
  const given: unknown = JSON.parse('{"__proto__":{"on":true},"constructor":1}')
  t.throws(() => fieldsOf<{ on: boolean }>({ on: flag })(given, 'a'), { message: "option 'a.__proto__' is not known; known are on" })
  const record = recordOf(value => value)(given, 'a')
  t.same(Object.keys(record), ['__proto__', 'constructor'])
  t.equal(Object.getPrototypeOf(record), Object.prototype)
})
