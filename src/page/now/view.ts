/** The Now view: what the house draws at this instant, and what is known beside it. */

import type { FirstContext, OpenView } from '../context.ts'
import { find, setText } from '../elements.ts'
import type { FirstRun } from '../first/view.ts'
import { Answers } from './answer.ts'
import { showDay } from './day.ts'
import { isBefore, present, type View } from './present.ts'
import { Screen } from './screen.ts'
import { costPerHourAt, isOfToday } from './today.ts'

/** The trace creeps on by a pixel or two in this time. */
const creepMs = 250
const creepStillMs = 1_000
/** A meter that is only being opened speaks within this. */
const openingMs = 10_000

export function open(host: HTMLElement, context: FirstContext): OpenView {
  const { strings, formats, api, nowMs } = context
  const template = find('now-view')
  if (template instanceof HTMLTemplateElement) host.append(template.content.cloneNode(true))
  const screen = new Screen(strings, formats, location.host)
  const still = matchMedia('(prefers-reduced-motion: reduce)')
  let shown: View | undefined
  let timer: number | undefined
  const answers = new Answers(api, () => shown && showAnswer(shown))

  /** What is known says nothing of this day, or of the price of what is drawn now. */
  let isPast = false
  const showMoney = ({ total, nowMs }: View) => {
    const answer = answers.latest
    const isLive = answer && total && !total.stale
    const cost = isLive ? costPerHourAt(answer, total.watts) : undefined
    const currency = answer?.currency ?? undefined
    setText(find('rate'), cost === undefined || currency === undefined ? '' : strings.perHour(formats.money(cost, currency)))
    isPast = isLive ? (cost === undefined && answer.costPerHour !== null) || !isOfToday(answer, nowMs) : false
  }
  const showAnswer = (view: View) => {
    showMoney(view)
    const isLive = view.phase === 'live'
    const told = { answer: view.total && answers.latest, awaited: view.total !== undefined && answers.awaited && isLive }
    showDay({ ...told, isLive, nowMs: view.nowMs }, strings, formats)
  }
  let first: Promise<FirstRun | undefined> | undefined
  let beforeAtMs: number | undefined
  /** Before the first reading of all stands the way to it, loaded when it is wanted. */
  const showFirst = (view: View, atMs: number) => {
    beforeAtMs = isBefore(view) ? (beforeAtMs ?? atMs) : undefined
    const isShown = beforeAtMs !== undefined && (view.phase === 'no-meter' || atMs - beforeAtMs > openingMs)
    if (isShown) first ??= import('../first/view.ts').then(({ FirstRun }) => FirstRun.in(find('now-root'), context)).catch(() => undefined)
    void first?.then(run => run?.show(isShown ? view : undefined))
  }
  /** Between the frame's own calls. */
  const creep = () => {
    requestAnimationFrame(atMs => screen.paint(nowMs(), atMs, still.matches))
    timer = setTimeout(creep, still.matches ? creepStillMs : creepMs)
  }
  creep()
  return {
    show(state, phoneMs, atMs) {
      answers.tick(state.link.name === 'up' && state.sensors.size > 0, isPast, atMs) // the first reading comes first
      shown = present(state, phoneMs)
      screen.show(shown, atMs)
      showFirst(shown, atMs)
      showAnswer(shown)
    },
    paint: atMs => screen.paint(nowMs(), atMs, still.matches),
    close() {
      clearTimeout(timer)
      answers.close()
      void first?.then(run => run?.close())
      document.body.setAttribute('data-level', 'none')
    }
  }
}
