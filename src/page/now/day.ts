/** Today against a usual day: a bar with words. */

import type { NowAnswer } from '../../api.ts'
import { find, setText } from '../elements.ts'
import type { Formats } from '../format.ts'
import type { Strings } from '../strings.ts'
import { isOfToday, isOld, todayOf } from './today.ts'

/** What there is to show, and when. */
export interface Told {
  readonly answer: NowAnswer | undefined
  /** Whether to keep its place free. */
  readonly awaited: boolean
  readonly isLive: boolean
  readonly nowMs: number
}

/** Shows what the answer says of today; one of another day says nothing of this one. */
export function showDay({ answer, awaited, isLive, nowMs }: Told, strings: Strings, formats: Formats): void {
  const words = strings.today
  const today = answer && isOfToday(answer, nowMs) ? todayOf(answer) : undefined
  const root = find('today')
  root.hidden = !today && !awaited
  if (!answer || !today) {
    setText(find('today-title'), words.title)
    return
  }
  const { todayWh, isNet, usual } = today
  const old = isOld(answer, isLive, nowMs)
  const energy = formats.energy(todayWh / 1_000, strings.unit.kWh)
  root.toggleAttribute('data-stale', old)
  setText(find('today-title'), old ? words.asOf(formats.clock(answer.nowMs)) : words.title)
  setText(find('today-energy'), isNet ? words.net(energy) : energy)
  find('today-bar').hidden = !usual
  setText(find('today-words'), usual ? moreText(usual.more, words, formats) : words.soon)
  setText(find('today-usual'), usual ? words.usual(formats.energy(usual.dayWh / 1_000, strings.unit.kWh)) : '')
  if (!usual) root.removeAttribute('data-more')
  if (!usual) return
  root.setAttribute('data-more', usual.more > 0 ? 'more' : usual.more < 0 ? 'less' : 'same')
  const { used, byNow, day } = usual.bar
  find('today-used').style.width = `${used * 100}%`
  find('today-day').style.width = `${day * 100}%`
  find('today-by-now').style.left = `${byNow * 100}%`
}

function moreText(more: number, words: Strings['today'], formats: Formats): string {
  if (more === 0) return words.same
  const share = formats.percent(Math.abs(more))
  return more > 0 ? words.more(share) : words.less(share)
}
