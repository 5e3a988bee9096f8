import type { HookDelivery } from "@prewarm/control-schema/hooks";
import {
  cancelRun,
  type Duties,
  exchange,
  findDelivery,
  Queue,
  type QueueHost,
  RULES,
  type Rules,
  type Sql,
} from "@prewarm/durable-queue";
import { actionSlice, cancelAction, createAction, getAction, isSliceDue, listActions } from "../console/actions.ts";
import type { FinishRequest } from "../console/calls.ts";
import { countMatches } from "../console/count-matches.ts";
import { finishDelivery } from "../console/finish-delivery.ts";
import { audit, listAudit } from "../console/tables/audit.ts";
import { recordDead } from "../console/tables/dead-messages.ts";
import { acceptImages } from "../images/accept-images.ts";
import { announcedOf } from "../images/announced.ts";
import type { AcceptAnswer, AcceptChunk, BeforeRestore } from "../images/calls.ts";
import { focalsOf, setFocal } from "../images/focal.ts";
import { actOnImages, imageAction } from "../images/image-actions.ts";
import { ImageTx } from "../images/image-tx.ts";
import { takeMisses } from "../images/misses.ts";
import { makeJpegs } from "../images/opaque-pngs.ts";
import { verbOf } from "../images/outcomes.ts";
import { purgeImage } from "../images/purge.ts";
import { doctorDone, doctorFrom, doctorSlice, doctorWalk } from "../images/reconcile.ts";
import { removeImage, unblockImage } from "../images/removal.ts";
import { beforeImagesRestore, imagesRestored } from "../images/restored-images.ts";
import { stagingOf } from "../images/staging.ts";
import { queueConfigOf } from "../queue-settings.ts";
import { areAcknowledged, takeBack } from "./acknowledge.ts";
import type {
  Answering,
  DeliveryNote,
  ExchangeAnswer,
  ExchangeRequest,
  ExportSlice,
  LedgerCalls,
  Noted,
  RunView,
} from "./contract.ts";
import { keepReport, listReports } from "./coverage-reports.ts";
import { Deliveries, listDeliveries, withCounts } from "./deliveries.ts";
import { noteDeploy } from "./deployed.ts";
import { testEvent } from "./events.ts";
import { followUps, ownTimes } from "./follow-ups.ts";
import { publishAgain } from "./gate-file.ts";
import type { LedgerDeps } from "./ledger-deps.ts";
import {
  acknowledgeTrouble,
  actOnJob,
  forgetChangedTroubles,
  jobPage,
  patchGate,
  promoteRun,
  runById,
  statsOf,
} from "./operator-calls.ts";
import { Sweeper } from "./sweeper.ts";
import { LEDGER_TABLES, OWN_RULES } from "./tables/own-tables.ts";
import { endSession, isSessionOver } from "./tables/sign-ins.ts";
import { Teller } from "./teller.ts";
import { causesView } from "./views/causes.ts";
import { listCosts } from "./views/costs.ts";
import { listEvents } from "./views/events.ts";
import { exportSlice } from "./views/export.ts";
import { gateView } from "./views/gate-view.ts";
import { history } from "./views/history.ts";
import { listImages } from "./views/image-list.ts";
import { findJob, imageRows, statesOf } from "./views/jobs.ts";
import { listOrdered } from "./views/ordered.ts";
import { listRejected, listRuns } from "./views/runs.ts";

/** The ledger without its Durable Object: the queue, and the calls of handlers, operators, hooks and doctor. */
export class Ledger extends Queue<ImageTx, BeforeRestore> implements Answering<LedgerCalls> {
  readonly #deps: LedgerDeps;
  readonly #sweeper: Sweeper;
  readonly #teller: Teller;
  #metricErrors = 0;

  constructor(sql: Sql, deps: LedgerDeps, host: QueueHost) {
    const { config: site } = deps;
    const config = queueConfigOf(site);
    super(
      sql,
      { tables: LEDGER_TABLES, openTx: (over, opening) => new ImageTx(over, { site, config, ...opening }) },
      deps,
      host,
    );
    this.#deps = deps;
    const { transactions } = this;
    this.#teller = new Teller({ transactions, deps, host });
    this.#sweeper = new Sweeper({ transactions, deps, host, change: (work) => this.change(work) });
    this.transactions.write((tx) => noteDeploy(tx, deps.version));
  }

  /* ── What follows a change ── */

  protected override followUps(): Duties {
    // These first, because the others call services that may hang.
    return {
      actions: () => {
        if (this.transactions.read(isSliceDue)) this.change(actionSlice);
      },
      changes: () => this.#teller.begin(),
      sweeps: () => this.#sweeper.begin(),
      ...followUps(this.transactions, this.#deps),
    };
  }

  protected override ownTimes(tx: ImageTx): (number | null)[] {
    return [...ownTimes(tx), this.#sweeper.nextAt(tx), this.#teller.nextAt(tx)];
  }

  protected override get rules(): Rules {
    return { ...RULES, ...OWN_RULES };
  }

  protected override keepHouse(): void {
    this.#sample();
    const deliveries = this.#deliveries;
    if (!deliveries.isSaved) this.note(({ sql }) => deliveries.save(sql));
    if (this.transactions.read(areAcknowledged)) this.note(forgetChangedTroubles);
  }

  /** Counts a sample that fails, and lets the work continue. */
  #sample(): void {
    try {
      this.note(({ statistics }) => statistics.sample());
    } catch {
      this.#metricErrors += 1;
    }
  }

  protected override beforeRestore(tx: ImageTx): BeforeRestore {
    return beforeImagesRestore(tx);
  }

  restored(who: string, how: Record<string, unknown> = {}, before: BeforeRestore | null = null, id?: string): void {
    this.change((tx) => {
      imagesRestored(tx, who, how, before);
      publishAgain(tx);
    }, id);
  }

  /* ── Handlers ── */

  readonly exchange = this.changes((tx, request: ExchangeRequest): ExchangeAnswer => {
    const settled = request.settled.map((one) => ({ ...one, outcome: verbOf(one.outcome) }));
    const answer = exchange(tx, { ...request, settled }, (owner) => {
      makeJpegs(tx, request.opaquePngs ?? []);
      return takeMisses(tx, owner, request.asks);
    });
    if (answer.status === "lost") return answer;
    const { give } = answer;
    const staging = stagingOf(tx, request.owner, give);
    return { ...answer, focals: focalsOf(tx, give), announced: announcedOf(tx, give), staging };
  });

  noteDeliveries(notes: DeliveryNote[], id?: string): void {
    this.note((tx) => listDeliveries(tx, notes), id);
  }

  countRefusals(notes: DeliveryNote[]): void {
    this.#deliveries.add(notes, this.#deps.clock.now());
  }

  listDeliveries(): HookDelivery[] {
    return [...this.#deliveries.list()];
  }

  get #deliveries(): Deliveries {
    return this.transactions.memory.of(Deliveries);
  }

  /* ── Intake ── */

  readonly acceptChunk = this.changes((tx, { note, ...chunk }: AcceptChunk & Noted): AcceptAnswer => {
    const answer = acceptImages(tx, chunk);
    if (note !== undefined && answer.status === "done") listDeliveries(tx, [withCounts(note, answer, chunk.run.run)]);
    return answer;
  });
  readonly finishDelivery = this.notes((tx, { note, ...request }: FinishRequest & Noted) => {
    const end = finishDelivery(tx, request);
    if (note !== undefined && end === "done") listDeliveries(tx, [note]);
    return end;
  });
  readonly findDelivery = this.reads(findDelivery);
  readonly recordDead = this.notes(recordDead);
  readonly purgeImage = this.changes(purgeImage);

  /** Resolves when the edges can know of every change so far. */
  edgesTold(): Promise<void> {
    return this.#teller.told();
  }

  readonly setFocal = this.changes(setFocal);
  readonly removeImage = this.changes(removeImage);
  readonly actOnImages = this.changes(actOnImages);
  readonly getImageAction = this.reads(imageAction);
  readonly unblockImage = this.changes(unblockImage);

  /* ── What operators see ── */

  readonly lookUp = this.reads(statesOf);
  readonly listRuns = this.reads(listRuns);
  readonly getRun = this.reads(runById);
  readonly listRejected = this.reads(listRejected);
  readonly listOrdered = this.reads(listOrdered);
  readonly listJobs = this.reads(jobPage);
  readonly getJob = this.reads(findJob);
  readonly listCauses = this.reads(causesView);
  readonly countMatches = this.reads(countMatches);
  readonly listActions = this.reads(listActions);
  readonly getAction = this.reads(getAction);
  readonly listImages = this.reads(listImages);
  readonly listCosts = this.reads(listCosts);
  readonly imageRows = this.reads(imageRows);
  readonly stats = this.reads((tx) => statsOf(tx, { metricErrors: this.#metricErrors, version: this.#deps.version }));

  about() {
    return { version: this.#deps.version };
  }

  readonly history = this.reads(history);
  readonly getGate = this.reads(gateView);
  readonly listEvents = this.reads(listEvents);
  readonly testEvent = this.changes(testEvent);
  readonly listAudit = this.reads(listAudit);

  exportSlice(cursor: string | null, who: string, id?: string): ExportSlice {
    if (cursor === null) this.note((tx) => audit(tx, who, "ledger.export", null, {}), id);
    return this.transactions.read((tx) => exportSlice(tx, cursor));
  }

  /* ── What operators do ── */

  cancelRun(run: string, who: string, id?: string): RunView | null {
    const found = this.change((tx) => {
      const known = cancelRun(tx, run);
      if (known) audit(tx, who, "run.cancel", run, {});
      return known;
    }, id);
    // The end of the transaction updates the counts of the run, so the next transaction reads them.
    return found ? this.getRun(run) : null;
  }

  readonly promoteRun = this.changes(promoteRun);
  readonly retryJob = this.changes(actOnJob("retry"));
  readonly cancelJob = this.changes(actOnJob("cancel"));
  readonly createAction = this.changes(createAction);
  readonly cancelAction = this.changes(cancelAction);
  readonly patchGate = this.changes(patchGate);
  readonly acknowledge = this.notes(acknowledgeTrouble);
  readonly takeBack = this.notes(takeBack);
  readonly keepReport = this.notes(keepReport);
  readonly listReports = this.reads(listReports);
  readonly isSessionOver = this.reads(isSessionOver);
  readonly endSession = this.notes(endSession);

  /* ── The doctor ── */

  readonly doctorFrom = this.reads(doctorFrom);
  readonly doctorWalk = this.reads(doctorWalk);
  readonly doctorSlice = this.changes(doctorSlice);
  readonly doctorDone = this.changes(doctorDone);
}
