/** The console: a whole MQTT client for a person with a phone. */

import type { Context, OpenView, OpenViewIn } from '../context.ts'
import { closeSheets, make, makeSymbol, setText } from '../elements.ts'
import { openSheet } from '../sheet.ts'
import { keep, recall } from '../storage.ts'
import { openConnectSheet } from './connect.ts'
import { buttonOf, inputOf } from './form.ts'
import { german } from './german.ts'
import { Guest } from './guest.ts'
import { rateText, TopicList } from './list.ts'
import { countText, emptyText, linkShown } from './present.ts'
import { makePublishForm, type PublishForm } from './publish.ts'
import { rowsOf } from './rows.ts'
import { Session } from './session.ts'
import { keptText, readKept, type Settings } from './settings.ts'
import { Subscriptions } from './subscriptions.ts'
import { TopicPanel } from './topic.ts'
import type { TopicTree } from './tree.ts'
import { english, type Words } from './words.ts'

/** Nobody reads faster; between two of these a thousand messages may have come. */
const paintMs = 200
const wide = matchMedia('(min-width: 960px)')

/** What outlives the view: who comes back finds the topics, and the connection if there was one. */
let session: Session | undefined
let wasConnected = false

export const open: OpenViewIn = (host, context) => new Console(host, context)

class Console implements OpenView {
  readonly #context: Context
  readonly #words: Words
  readonly #session: Session
  readonly #root = make('div', 'page console')
  readonly #link = make('section', 'card link')
  readonly #title = make('h2')
  readonly #text = make('p', 'note')
  readonly #guest: Guest
  readonly #connect: HTMLButtonElement
  readonly #subscriptions: Subscriptions
  readonly #summary = make('p', 'note')
  readonly #clear: HTMLButtonElement
  readonly #notes = make('p', 'note drops')
  readonly #empty = make('p', 'empty')
  readonly #list: TopicList
  readonly #tools = make('div', 'tools')
  readonly #search: HTMLInputElement
  readonly #pause: HTMLButtonElement
  readonly #aside = make('aside', 'beside')
  readonly #folds = new Set<string>()
  #tree: TopicTree
  #panel: TopicPanel | undefined
  /** The one beside the topics: what is under way is told there, whatever else is opened. */
  #form: PublishForm | undefined
  #remembered: string | undefined
  /** What the rows were made of: made anew only when one of it changes. */
  #rowsOf = ''
  #rows: ReturnType<typeof rowsOf> = []
  #paintTimer: number | undefined
  readonly #ends = new AbortController()

  constructor(host: HTMLElement, context: Context) {
    this.#context = context
    this.#words = context.strings.language === 'de' ? german : english
    session ??= new Session(readKept(recall('console') ?? null, context.address), context.address)
    this.#session = session
    this.#tree = session.tree
    const words = this.#words
    this.#connect = buttonOf('', () => this.#toggleLink(), 'button')
    this.#subscriptions = new Subscriptions(session, words)
    this.#guest = new Guest(session, words, () => this.#logIn())
    this.#clear = buttonOf(words.clear, () => this.#forget(), 'button quiet')
    this.#list = new TopicList(words, context.formats, {
      open: node => this.#open(node.topic),
      fold: node => {
        if (!this.#folds.delete(node.topic)) this.#folds.add(node.topic)
        this.#paint()
      }
    })
    this.#search = inputOf('', { type: 'search', placeholder: words.search, 'aria-label': words.search, enterkeyhint: 'search' })
    this.#pause = buttonOf('', () => this.#session.pause(this.#session.missed === undefined), 'button')
    this.#build(host)
    session.onChange = () => this.#changed()
    session.admit = () => this.#guest.admit()
    const { signal } = this.#ends
    this.#search.addEventListener('input', () => this.#paint(), { signal })
    addEventListener('scroll', () => this.#list.paint(Date.now()), { capture: true, passive: true, signal })
    addEventListener('resize', () => this.#paint(), { signal })
    wide.addEventListener('change', () => this.#fillAside(), { signal })
    for (const event of ['online', 'pageshow']) addEventListener(event, () => this.#session.wake(), { signal })
    document.addEventListener('visibilitychange', () => document.hidden || this.#session.wake(), { signal })
    this.#fillAside()
    if (wasConnected) void this.#connectAs(session.settings)
    this.#paint()
  }

  show(): void {
    this.#paint()
  }

  close(): void {
    this.#ends.abort()
    clearTimeout(this.#paintTimer)
    this.#session.onChange = undefined
    this.#session.admit = undefined
    wasConnected = this.#session.state !== undefined
    this.#session.disconnect()
  }

  #build(host: HTMLElement): void {
    const words = this.#words
    const [heading, actions, line, topics] = [
      make('div', 'link-text'),
      make('div', 'link-actions'),
      make('div', 'summary'),
      make('section', 'heard')
    ]
    const settings = buttonOf('', () => this.#openSettings(), 'icon-button settings')
    const sign = makeSymbol()
    sign.show('mark-corrected')
    settings.append(sign.root)
    settings.setAttribute('aria-label', words.settings)
    heading.append(this.#title, this.#text)
    actions.append(settings, this.#connect)
    this.#link.append(heading, actions)
    this.#title.setAttribute('aria-live', 'polite')
    line.append(this.#summary, this.#clear)
    topics.setAttribute('aria-label', words.topics)
    topics.append(line, this.#notes, this.#list.root, this.#empty)
    const publish = buttonOf(words.publish, () => this.#openPublish(''), 'button primary to-publish')
    this.#tools.append(this.#search, this.#pause, publish)
    this.#root.append(make('h1', '', words.title), this.#link, this.#guest.root, this.#subscriptions.root, topics, this.#tools, this.#aside)
    host.append(this.#root)
  }

  // --- the connection ---

  #toggleLink(): void {
    if (this.#session.state === undefined || this.#session.state.phase === 'closed') void this.#connectAs(this.#session.settings)
    else this.#session.disconnect()
  }

  #openSettings(): void {
    openConnectSheet(this.#session.settings, this.#context.address, this.#words, settings => void this.#connectAs(settings))
  }

  async #connectAs(settings: Settings): Promise<boolean> {
    if (settings.protocolVersion !== this.#session.settings.protocolVersion) this.#form = undefined
    this.#session.settings = settings
    const connecting = this.#session.connect()
    this.#remember()
    this.#fillAside()
    const isUp = await connecting
    if (isUp) await this.#guest.look()
    return isUp
  }

  async #logIn(): Promise<boolean> {
    return (await this.#context.admit('publish')) && this.#connectAs({ ...this.#session.settings, username: '', password: '' })
  }

  #remember(): void {
    keep('console', keptText(this.#session.settings, this.#context.address))
  }

  // --- what is on the screen ---

  #changed(): void {
    this.#paintTimer ??= setTimeout(() => {
      this.#paintTimer = undefined
      requestAnimationFrame(() => this.#paint())
    }, paintMs)
  }

  #paint(): void {
    if (this.#ends.signal.aborted || document.hidden) return
    const nowMs = Date.now()
    if (this.#tree !== this.#session.tree) this.#beginAnew()
    this.#showLink()
    this.#subscriptions.show()
    this.#showTopics(nowMs)
    this.#panel?.show(nowMs)
  }

  #showLink(): void {
    const { state, clientId, settings } = this.#session
    const { kind, title, text } = linkShown(state, { clientId, version: settings.protocolVersion }, this.#words)
    this.#link.setAttribute('data-kind', kind)
    this.#guest.show()
    setText(this.#title, title)
    const host = settings.address === this.#context.address ? '' : new URL(settings.address).host
    setText(this.#text, kind === 'idle' ? this.#words.idleWhy : [host, text].filter(part => part !== '').join(' · '))
    const isOff = kind === 'idle' || kind === 'ended'
    setText(this.#connect, isOff ? this.#words.connect : this.#words.disconnect)
    this.#connect.classList.toggle('primary', isOff)
    const remembered = JSON.stringify(settings.subscriptions)
    if (remembered !== this.#remembered) this.#remember()
    this.#remembered = remembered
  }

  #showTopics(nowMs: number): void {
    const { tree, missed, state, settings } = this.#session
    const words = this.#words
    const { search, folds } = { search: this.#search.value.trim(), folds: this.#folds }
    const rowsOfNow = `${tree.shape} ${search} ${[...folds].join('\n')} ${search === '' ? '' : tree.root.countBelow}`
    if (rowsOfNow !== this.#rowsOf) this.#rows = rowsOf(tree, folds, search)
    this.#rowsOf = rowsOfNow
    this.#list.show(this.#rows, nowMs, this.#panel?.topic)
    let topics = 0
    for (const _ of tree.topics()) topics += 1
    const summary = words.summary(countText(topics), countText(tree.root.countBelow), rateText(tree.root.rate.perSecond(nowMs)))
    setText(this.#summary, topics === 0 ? '' : summary)
    this.#clear.hidden = topics === 0
    const { unplaced, forgotten } = tree.dropped
    const notes = [
      missed === undefined ? '' : words.paused(countText(missed)),
      unplaced > 0 ? words.unplaced(countText(unplaced)) : '',
      forgotten > 0 ? words.forgotten(countText(forgotten)) : ''
    ]
    setText(this.#notes, notes.filter(note => note !== '').join(' '))
    const isOn = state !== undefined
    setText(this.#empty, this.#rows.length > 0 || !(isOn || topics > 0) ? '' : emptyText(search, settings.subscriptions.length, words))
    this.#pause.hidden = topics === 0 && missed === undefined
    setText(this.#pause, missed === undefined ? words.pause : words.resume)
    this.#search.hidden = topics === 0
    this.#tools.hidden = !isOn && topics === 0
  }

  #forget(): void {
    this.#session.clear()
    this.#paint()
  }

  #beginAnew(): void {
    this.#tree = this.#session.tree
    this.#rowsOf = ''
    this.#folds.clear()
    this.#panel = undefined
    this.#fillAside()
  }

  // --- a topic, and publishing: beside the topics where there is room, else in a sheet ---

  #open(topic: string): void {
    const panel = new TopicPanel(topic, this.#session, this.#words, this.#context.formats, to => this.#openPublish(to))
    this.#panel = panel
    panel.show(Date.now())
    if (wide.matches) {
      this.#fillAside()
      this.#paint()
      return
    }
    const sheet = openSheet(topic, this.#words.close)
    sheet.root.classList.add('console-sheet')
    sheet.body.append(panel.root)
    void sheet.closed.then(() => {
      if (this.#panel === panel) this.#panel = undefined
    })
  }

  #openPublish(topic: string): void {
    if (wide.matches) {
      this.#fillAside(topic)
      return
    }
    closeSheets()
    const form = makePublishForm(this.#session, this.#words)
    const sheet = openSheet(this.#words.publish, this.#words.close)
    sheet.root.classList.add('console-sheet')
    sheet.body.append(form.root)
    if (topic !== '') form.aim(topic)
  }

  #fillAside(topic = ''): void {
    this.#aside.hidden = !wide.matches
    this.#aside.replaceChildren()
    if (!wide.matches) {
      this.#panel = undefined
      return
    }
    this.#form ??= makePublishForm(this.#session, this.#words)
    const form = this.#form
    const publish = make('section', 'card')
    publish.append(make('h2', '', this.#words.publish), form.root)
    if (this.#panel) {
      const card = make('section', 'card')
      const name = make('h2', 'topic-name', this.#panel.topic)
      card.append(name, this.#panel.root)
      this.#aside.append(card)
      if (name.scrollHeight > name.clientHeight) name.tabIndex = 0 // a long one is scrolled by keys
    }
    this.#aside.append(publish)
    if (topic !== '') form.aim(topic)
  }
}
