package io.millrace.coordination.ids;

import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.store.Node;
import io.millrace.coordination.store.NodeKind;
import io.millrace.coordination.store.ReadOutcome;
import io.millrace.coordination.store.WriteOutcome;
import io.millrace.coordination.store.WriteOutcome.Conflict;
import io.millrace.coordination.store.ZnodeJson;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.coordination.store.ZnodeReading;
import io.millrace.coordination.v1.ProducerIdsNode;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Gives out producer ids, none of them twice in the whole cluster: from blocks that are taken out
 * of {@code /producer-ids} by a conditional write. State belongs to the store's loop.
 *
 * <p>A block belongs to whoever was told that this very write was applied. After anything else, an
 * unknown outcome above all, it is nobody's: the next one is taken, and some numbers stay unused.
 *
 * <p>An id is a number of the block with random bits above it, so that nobody can guess another
 * one's, and so that ids stay apart if ZooKeeper was restored from an old backup and counts again.
 */
public final class ProducerIds {
  static final int BLOCK_SIZE = 1_000;

  /** The next block is taken when fewer are left of this one. */
  private static final int FEW_LEFT = 100;

  /** Below them the number from the block, which is unique; above, chance. */
  private static final int NUMBER_BITS = 40;

  private static final int RANDOM_BITS = Long.SIZE - 1 - NUMBER_BITS;

  /** As many may wait for a block; the rest is told to come again. */
  private static final int MAX_WAITING = 10_000;

  private static final int MAX_ROUNDS = 100;

  private final ClusterStore store;
  private final RandomGenerator random;
  private final Queue<CompletableFuture<IdOutcome>> waiting = new ArrayDeque<>();
  private long next;
  private long blockEnd;

  /** The block after that, once little is left of this one; empty before. */
  private long spareNext;

  private long spareEnd;
  private boolean fetching;
  private int rounds;

  public ProducerIds(ClusterStore store, RandomGenerator random) {
    this.store = store;
    this.random = random;
  }

  /** An id nobody had before. Any thread. */
  public CompletionStage<IdOutcome> next() {
    CompletableFuture<IdOutcome> id = new CompletableFuture<>();
    store.loop().execute(() -> ask(id));
    return id;
  }

  /**
   * Takes a block before anybody asks, so that producers can begin while ZooKeeper is away. Any
   * thread.
   */
  public void takeAhead() {
    store.loop().execute(this::serve);
  }

  private void ask(CompletableFuture<IdOutcome> id) {
    if (waiting.size() >= MAX_WAITING) {
      id.complete(new IdOutcome.Unavailable(MAX_WAITING + " others wait for a producer id"));
      return;
    }
    waiting.add(id);
    serve();
  }

  private void serve() {
    while (!waiting.isEmpty() && hasOne()) {
      long above = random.nextInt(1 << RANDOM_BITS);
      waiting.remove().complete(new IdOutcome.Given(above << NUMBER_BITS | next++));
    }
    boolean isLow = blockEnd - next < FEW_LEFT && spareNext == spareEnd;
    if (isLow && !fetching) {
      fetching = true;
      rounds = 0;
      takeBlock();
    }
  }

  private boolean hasOne() {
    if (next == blockEnd) {
      next = spareNext;
      blockEnd = spareEnd;
      spareNext = spareEnd;
    }
    return next < blockEnd;
  }

  private void takeBlock() {
    if (++rounds > MAX_ROUNDS) {
      fail(ZnodePaths.PRODUCER_IDS + " changes faster than it can be written");
      return;
    }
    // What another broker has taken is to be seen, or the write would fail.
    guarded(
        store.sync(ZnodePaths.PRODUCER_IDS),
        isSynced -> guarded(store.read(ZnodePaths.PRODUCER_IDS), this::onRead));
  }

  private void onRead(ReadOutcome<Node> read) {
    if (read instanceof ReadOutcome.Unavailable<Node> unavailable) {
      fail(unavailable.why());
    } else if (!(read instanceof ReadOutcome.Found<Node> found)) {
      guarded(
          store.create(
              ZnodePaths.PRODUCER_IDS,
              ZnodeJson.PRODUCER_IDS.write(upTo(BLOCK_SIZE)),
              NodeKind.PERSISTENT),
          outcome -> onWritten(outcome, 0));
    } else if (ZnodeJson.PRODUCER_IDS.read(found.value().data())
            instanceof ZnodeReading.Understood<ProducerIdsNode> understood
        && understood.isComplete()) {
      long first = understood.content().getNext();
      guarded(
          store.set(
              ZnodePaths.PRODUCER_IDS,
              ZnodeJson.PRODUCER_IDS.write(upTo(first + BLOCK_SIZE)),
              found.value().version()),
          outcome -> onWritten(outcome, first));
    } else {
      fail(
          ZnodePaths.PRODUCER_IDS
              + " cannot be read; make it say a number above all that were given out");
    }
  }

  private static ProducerIdsNode upTo(long end) {
    return ProducerIdsNode.newBuilder().setVersion(ZnodeJson.VERSION).setNext(end).build();
  }

  private void onWritten(WriteOutcome outcome, long first) {
    if (outcome instanceof WriteOutcome.Applied) {
      spareNext = first;
      spareEnd = first + BLOCK_SIZE;
      fetching = false;
      serve();
    } else if (outcome instanceof Conflict) {
      takeBlock();
    } else {
      fail("no producer ids could be taken from ZooKeeper: " + outcome);
    }
  }

  private void fail(String why) {
    fetching = false;
    while (!waiting.isEmpty()) {
      waiting.remove().complete(new IdOutcome.Unavailable(why));
    }
  }

  /** A step that throws must leave nobody waiting. */
  private <T> void guarded(CompletionStage<T> stage, Consumer<T> step) {
    stage.whenComplete(
        (value, failure) -> {
          if (failure != null) {
            end(failure);
            return;
          }
          try {
            step.accept(value);
          } catch (RuntimeException e) {
            end(e);
          }
        });
  }

  private void end(@Nullable Throwable bug) {
    fetching = false;
    while (!waiting.isEmpty()) {
      waiting.remove().completeExceptionally(new IllegalStateException(bug));
    }
  }

  /** What came of asking for an id. */
  public sealed interface IdOutcome {
    /** The caller's alone; not negative. */
    record Given(long id) implements IdOutcome {}

    /** None now; asking again may help. */
    record Unavailable(String why) implements IdOutcome {}
  }
}
