package io.millrace.simulator;

import io.millrace.client.consumer.PollWait;
import io.millrace.rpc.SimulatedScheduler;
import io.millrace.rpc.Timer;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * The thread of an application in a simulated client process, which may block as a real one does.
 * It and the simulation's thread run strictly in turns: it has its turn when what it waits for has
 * come or its time is up, as an event of the simulation, and until it waits again nothing else
 * happens. So equal seeds run equally.
 */
final class AppThread implements PollWait {
  private final SimulatedScheduler scheduler;
  private final Thread simulation = Thread.currentThread();
  private final Thread thread;
  private final Semaphore itsTurn = new Semaphore(0);
  private final Semaphore ourTurn = new Semaphore(0);

  // Whoever has its turn reads and writes these.
  private boolean isWaiting = true;
  private boolean isWoken;
  private boolean isDue;
  private boolean isPaused;
  private boolean hasMissedTurn;
  private boolean isKilled;
  private boolean isOver;
  private @Nullable Timer limit;
  private @Nullable Throwable thrown;

  /** The process has ended under the application: nothing of it goes on. */
  private static final class Killed extends Error {
    private static final long serialVersionUID = 1;

    Killed() {
      super("the process was killed", null, false, false);
    }
  }

  /**
   * @param body what the application does; begins with the next event
   */
  AppThread(World world, String name, Runnable body) {
    this.scheduler = world.scheduler();
    this.thread = new Thread(() -> run(body), name);
    thread.setDaemon(true);
    thread.start();
    turnSoon();
  }

  private void run(Runnable body) {
    itsTurn.acquireUninterruptibly();
    try {
      if (!isKilled) {
        body.run();
      }
    } catch (Killed e) {
      // As meant.
    } catch (Throwable e) {
      thrown = e;
    } finally {
      isOver = true;
      giveBack();
    }
  }

  // ---- By the application's thread -------------------------------------------------------------

  @Override
  public void await(long nanos) {
    if (isKilled) {
      throw new Killed();
    }
    if (!isWoken) {
      isWaiting = true;
      long now = scheduler.nanoTime();
      limit = scheduler.at(nanos > Long.MAX_VALUE - now ? Long.MAX_VALUE : now + nanos, this::turn);
      giveBack();
      itsTurn.acquireUninterruptibly();
      if (isKilled) {
        throw new Killed();
      }
    }
    isWoken = false;
  }

  /** What the application does takes so long. */
  void work(long nanos) {
    long end = scheduler.nanoTime() + nanos;
    while (scheduler.nanoTime() < end) {
      await(end - scheduler.nanoTime());
    }
    isWoken = true; // by whoever it was meant for, if anybody
  }

  private void giveBack() {
    scheduler.lendTo(simulation);
    ourTurn.release();
  }

  // ---- By whoever runs -------------------------------------------------------------------------

  @Override
  public void wake() {
    isWoken = true;
    if (isWaiting) {
      turnSoon();
    }
  }

  // ---- By the simulation's thread --------------------------------------------------------------

  private void turnSoon() {
    if (!isDue) {
      isDue = true;
      scheduler.at(scheduler.nanoTime(), this::turn);
    }
  }

  private void turn() {
    isDue = false;
    if (isOver || !isWaiting) {
      return;
    }
    if (isPaused) {
      hasMissedTurn = true;
      return;
    }
    takeTurn();
  }

  private void takeTurn() {
    isWaiting = false;
    if (limit != null) {
      limit.cancel();
      limit = null;
    }
    scheduler.lendTo(thread);
    itsTurn.release();
    ourTurn.acquireUninterruptibly();
  }

  void pause() {
    isPaused = true;
  }

  void resume() {
    isPaused = false;
    if (hasMissedTurn) {
      hasMissedTurn = false;
      turnSoon();
    }
  }

  /** As {@code kill -9}; also to end the thread, which else would wait for ever. */
  void kill() {
    if (!isOver) {
      isKilled = true;
      takeTurn();
    }
  }

  boolean isOver() {
    return isOver;
  }

  boolean isKilled() {
    return isKilled;
  }

  /** What the application ended with that nobody meant. */
  @Nullable Throwable thrown() {
    return thrown;
  }
}
