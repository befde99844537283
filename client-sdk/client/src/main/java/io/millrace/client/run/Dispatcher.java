package io.millrace.client.run;

import io.millrace.client.CommittedOffset;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.FailurePolicy;
import io.millrace.client.HandlerFailure;
import io.millrace.client.errors.HandlerFailedException;
import io.millrace.client.errors.MillraceException;
import io.millrace.rpc.Tasks;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Handler threads, and the lanes that wait for one. A lane is in the hands of one thread at a time,
 * for a short turn; then it goes to the end of the queue. Any thread may make a lane ready.
 */
final class Dispatcher<K, V> {
  /** Records of a turn, so that one partition does not keep others waiting. */
  private static final int TURN_RECORDS = 64;

  private final List<Tasks.Worker> workers;
  private final Work<K, V> work;
  private final Gate gate;
  private final int fewRecords;
  private final Listener listener;
  private final ConcurrentLinkedQueue<Tasks.Worker> idle;
  private final ConcurrentLinkedQueue<Lane<K, V>> ready = new ConcurrentLinkedQueue<>();
  private final LongAdder handled = new LongAdder();
  private volatile boolean halted;

  /** What the polling thread has to know; on handler threads. */
  interface Listener {
    /** A lane that was full has room again. */
    void roomAgain();

    /** A call has ended of a lane that was cancelled. */
    void cancelledCallEnded();

    /** Nothing more shall be done. */
    void failed(MillraceException why);
  }

  /**
   * @param fewRecords so many waiting in a lane: more are welcome
   */
  Dispatcher(
      List<Tasks.Worker> workers, Work<K, V> work, Gate gate, int fewRecords, Listener listener) {
    this.workers = workers;
    this.work = work;
    this.gate = gate;
    this.fewRecords = fewRecords;
    this.listener = listener;
    this.idle = new ConcurrentLinkedQueue<>(workers);
  }

  /** How many records have been done with. */
  long handledCount() {
    return handled.sum();
  }

  /** From now on no call begins; those under way go on. */
  void halt() {
    halted = true;
  }

  /** There are records in it, or it may be worked on again. */
  void offer(Lane<K, V> lane) {
    if (lane.becomesReady()) {
      ready.add(lane);
      kick();
    }
  }

  /** Somebody should look whether there is something to do, and may be done. */
  void kick() {
    if (halted || ready.isEmpty() || !gate.isOpen()) {
      return;
    }
    Tasks.Worker worker = idle.poll();
    if (worker != null) {
      worker.execute(() -> drain(worker));
    } // else whoever is at work looks once more before it rests
  }

  private void drain(Tasks.Worker worker) {
    while (!halted && gate.tryTake()) {
      Lane<K, V> lane = ready.poll();
      if (lane == null) {
        gate.giveBack();
        break;
      }
      if (!ready.isEmpty()) {
        kick(); // somebody else can begin with the next
      }
      turn(lane, worker);
    }
    idle.add(worker);
    kick();
  }

  /** For one permission: a turn of several records where the gate is always open. */
  private void turn(Lane<K, V> lane, Tasks.Worker worker) {
    int left = gate == Gate.OPEN ? TURN_RECORDS : 1;
    boolean goesOn = true;
    while (goesOn && left > 0 && !halted) {
      List<ConsumerRecord<K, V>> records = lane.begin(work.most(), worker.clock().nanoTime());
      left -= records.size();
      if (records.isEmpty()) {
        gate.giveBack();
      }
      goesOn = !records.isEmpty() && handle(lane, records, worker);
      Lane<K, V> next = lane.end();
      if (lane.isCancelled()) {
        goesOn = false;
        if (next != null) {
          next.unblock();
          offer(next);
        }
        listener.cancelledCallEnded();
      } else if (lane.takesRoomNews(fewRecords)) {
        listener.roomAgain();
      }
      if (!goesOn && !records.isEmpty() && !lane.isCancelled()) {
        return; // it comes back after a pause, or never
      }
    }
    if (lane.release()) {
      ready.add(lane);
    }
  }

  /** False when the lane is not to be gone on with now. */
  private boolean handle(Lane<K, V> lane, List<ConsumerRecord<K, V>> records, Tasks.Worker worker) {
    Exception thrown;
    try {
      work.call().handle(lane.partition(), records);
      done(lane, records);
      return true;
    } catch (Exception e) {
      thrown = e;
    } catch (Throwable e) {
      // An error of the virtual machine, or a failed assertion: nobody may decide to go on.
      listener.failed(failure(records, e));
      return false;
    }
    FailurePolicy.Decision decision;
    try {
      decision =
          work.onFailure().decide(new HandlerFailure<>(records, thrown, lane.attempts() + 1));
    } catch (Exception e) {
      e.addSuppressed(thrown);
      listener.failed(failure(records, e));
      return false;
    }
    if (decision instanceof FailurePolicy.Skip) {
      done(lane, records);
      return true;
    }
    if (decision instanceof FailurePolicy.Retry retry) {
      lane.tryAgain(records);
      worker.schedule(
          retry.pause().toNanos(),
          () -> {
            if (lane.release()) {
              ready.add(lane);
              kick();
            }
          });
      return false;
    }
    listener.failed(failure(records, thrown));
    return false;
  }

  private void done(Lane<K, V> lane, List<ConsumerRecord<K, V>> records) {
    lane.handled();
    handled.add(records.size());
    if (work.countsWhenHandled()) {
      ConsumerRecord<K, V> last = records.get(records.size() - 1);
      lane.setProgress(new CommittedOffset(last.offset() + 1, last.leaderEpoch(), ""));
    }
  }

  private static MillraceException failure(
      List<? extends ConsumerRecord<?, ?>> records, @Nullable Throwable cause) {
    ConsumerRecord<?, ?> first = records.get(0);
    return new HandlerFailedException(
        first.topicPartition(),
        first.offset(),
        "the handler failed on " + first + (records.size() > 1 ? " and what follows" : ""),
        cause);
  }

  void stop() {
    workers.forEach(Tasks.Worker::stop);
  }
}
