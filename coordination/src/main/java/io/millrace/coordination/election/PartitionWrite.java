package io.millrace.coordination.election;

import com.google.protobuf.ByteString;
import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.store.NextContact;
import io.millrace.coordination.store.Node;
import io.millrace.coordination.store.ReadOutcome;
import io.millrace.coordination.store.StoreOp;
import io.millrace.coordination.store.WriteOutcome;
import io.millrace.coordination.store.WriteOutcome.Conflict;
import io.millrace.coordination.store.WriteOutcome.Rejected;
import io.millrace.coordination.store.ZnodeJson;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.coordination.store.ZnodeReading;
import io.millrace.coordination.v1.PartitionNode;
import io.millrace.coordination.view.KnownPartitions;
import io.millrace.rpc.SafetyRule;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Changes one partition's node: read, decide, write on the version that was read, and find out what
 * became of it. Owner: the store's loop. Used once, within one session.
 *
 * <p>An unchanged version is no outcome: after an unknown one the same write is sent again, on the
 * same version, until the version has moved. Until then it counts as if it had landed.
 */
final class PartitionWrite {
  private static final int MAX_ROUNDS = 100;

  /** Decides from what was read; may look at more than the node when called again. */
  interface Change {
    /**
     * What to write, but for when; null to leave it as it is.
     *
     * @param version that it was read at
     */
    @Nullable PartitionNode next(PartitionNode current, int version);

    /** What else has to hold when it is written: part of the same transaction. */
    default List<StoreOp> checks() {
      return List.of();
    }

    /** What has to be done before it is written; false gives up. */
    default CompletionStage<Boolean> before(PartitionNode next) {
      return CompletableFuture.completedFuture(true);
    }

    /** What is written instead, once that has been done. */
    default PartitionNode prepared(PartitionNode next) {
      return next;
    }
  }

  /** What stands there now, as far as is known. */
  sealed interface Result {
    /** By this change. */
    record Written(PartitionNode node, int version) implements Result {}

    /** The change left it as it was. */
    record Left(PartitionNode node, int version) implements Result {}

    /** There is no such node. */
    record Gone() implements Result {}

    /**
     * Not written, and not going to be, since one of the checks failed; the node was as read then.
     */
    record Refused(String why) implements Result {}

    /** Not written, and not going to be. */
    record Failed(String why) implements Result {}

    /** It may have been written, or may still be: the session is over. */
    record Unknown(String why) implements Result {}
  }

  private final ClusterStore store;
  private final String path;
  private final Change change;
  private final CompletableFuture<Result> result = new CompletableFuture<>();
  private final OptionalLong session;
  private int rounds;
  private boolean mayHaveLanded;

  private PartitionWrite(ClusterStore store, String path, Change change) {
    this.store = store;
    this.path = path;
    this.change = change;
    this.session = store.sessionId();
  }

  static CompletionStage<Result> run(
      ClusterStore store, String topicId, int partition, Change change) {
    store.loop().assertInLoop();
    PartitionWrite write =
        new PartitionWrite(store, ZnodePaths.partition(topicId, partition), change);
    if (write.session.isEmpty()) {
      write.result.complete(new Result.Failed("no contact with ZooKeeper"));
    } else {
      write.read();
    }
    return write.result;
  }

  /**
   * As above, but what is known of the node is not read again before it is written: if it has
   * changed since, the write fails on the version, and all goes on as if this were the second
   * round. Nobody concludes from what is only known that there is nothing to write.
   */
  static CompletionStage<Result> run(
      ClusterStore store,
      String topicId,
      int partition,
      Change change,
      KnownPartitions.@Nullable Known known) {
    store.loop().assertInLoop();
    PartitionWrite write =
        new PartitionWrite(store, ZnodePaths.partition(topicId, partition), change);
    PartitionNode next =
        known == null || write.session.isEmpty() || !known.reading().isComplete()
            ? null
            : change.next(known.reading().content(), known.version());
    if (known == null || next == null) {
      return run(store, topicId, partition, change);
    }
    write.rounds++;
    write.prepare(next, known.version());
    return write.result;
  }

  private void read() {
    if (++rounds > MAX_ROUNDS) {
      result.complete(new Result.Failed(path + " changes faster than it can be written"));
      return;
    }
    guarded(store.read(path), this::onRead);
  }

  private void onRead(ReadOutcome<Node> read) {
    if (read instanceof ReadOutcome.Unavailable<Node> unavailable) {
      result.complete(new Result.Failed(unavailable.why()));
    } else if (!(read instanceof ReadOutcome.Found<Node> found)) {
      result.complete(new Result.Gone());
    } else if (!(ZnodeJson.PARTITION.read(found.value().data())
        instanceof ZnodeReading.Understood<PartitionNode> understood)) {
      result.complete(new Result.Failed(path + " cannot be read"));
    } else {
      onUnderstood(understood, found.value().version());
    }
  }

  private void onUnderstood(ZnodeReading.Understood<PartitionNode> read, int version) {
    PartitionNode next = change.next(read.content(), version);
    if (next == null) {
      result.complete(new Result.Left(read.content(), version));
      return;
    }
    if (!read.isComplete()) {
      result.complete(
          new Result.Failed(
              path
                  + " holds what this program does not know and would erase: a newer broker wrote it"));
      return;
    }
    prepare(next, version);
  }

  private void prepare(PartitionNode next, int version) {
    PartitionNode.Builder dated = next.toBuilder();
    String now = Instant.ofEpochMilli(store.loop().clock().wallMillis()).toString();
    dated.getLastChangeBuilder().setAt(now);
    if (dated.hasPossibleLoss() && dated.getPossibleLoss().getAt().isEmpty()) {
      dated.getPossibleLossBuilder().setAt(now);
    }
    PartitionNode content = dated.build();
    guarded(
        change.before(content),
        isReady -> {
          if (isReady) {
            PartitionNode prepared = change.prepared(content);
            send(prepared, ZnodeJson.PARTITION.write(prepared), version);
          } else {
            result.complete(new Result.Failed("not ready to write " + path));
          }
        });
  }

  private void send(PartitionNode content, ByteString data, int version) {
    if (!store.sessionId().equals(session)) {
      awaitContact(content, data, version);
      return;
    }
    // The node comes first: a conflict over a check then says that it is as it was read, and since
    // what is checked only grows, an earlier sending that is still on its way will fail as well.
    List<StoreOp> steps = new ArrayList<>();
    steps.add(new StoreOp.Set(path, data, version));
    steps.addAll(change.checks());
    guarded(
        steps.size() == 1 ? store.set(path, data, version) : store.transact(steps),
        outcome -> onSent(outcome, content, data, version));
  }

  private void onSent(WriteOutcome outcome, PartitionNode content, ByteString data, int version) {
    if (outcome instanceof WriteOutcome.Applied applied) {
      result.complete(new Result.Written(content, applied.version()));
    } else if (outcome instanceof Conflict conflict) {
      if (!conflict.path().equals(path)) {
        result.complete(new Result.Refused(conflict.path() + " is not as it was"));
      } else if (conflict.kind() == Conflict.Kind.VERSION) {
        onMoved(content, data, version);
      } else {
        result.complete(new Result.Gone());
      }
    } else if (outcome instanceof WriteOutcome.Unknown) {
      mayHaveLanded = true;
      if (SafetyRule.H8.isLeftOut()) {
        NextContact.then(store, () -> believeVersion(version));
        return;
      }
      awaitContact(content, data, version);
    } else if (outcome instanceof Rejected rejected
        && rejected.reason() == Rejected.Reason.NO_CONTACT
        && mayHaveLanded) {
      awaitContact(content, data, version);
    } else {
      result.complete(new Result.Failed(outcome.toString()));
    }
  }

  /** By the first sending of this very write, or by somebody else's: then decide anew. */
  private void onMoved(PartitionNode content, ByteString data, int version) {
    if (SafetyRule.R10.isLeftOut()) {
      result.complete(new Result.Failed("somebody else has written " + path));
      return;
    }
    if (SafetyRule.R11.isLeftOut()) {
      writeOver(content, data);
      return;
    }
    if (!mayHaveLanded) {
      read();
      return;
    }
    mayHaveLanded = false;
    guarded(
        store.read(path),
        read -> {
          if (read instanceof ReadOutcome.Found<Node> found
              && found.value().version() == version + 1
              && found.value().data().equals(data)) {
            result.complete(new Result.Written(content, version + 1));
          } else {
            onRead(read);
          }
        });
  }

  /** Takes an unmoved version for a failure. Only where a rule is left out. */
  private void believeVersion(int version) {
    guarded(
        store.read(path),
        read -> {
          if (read instanceof ReadOutcome.Found<Node> found && found.value().version() == version) {
            result.complete(new Result.Failed(path + " was not written"));
          } else {
            onRead(read);
          }
        });
  }

  /** Whatever stands there. Only where a rule is left out. */
  private void writeOver(PartitionNode content, ByteString data) {
    guarded(
        store.read(path),
        read -> {
          if (read instanceof ReadOutcome.Found<Node> found) {
            send(content, data, found.value().version());
          } else {
            result.complete(new Result.Failed(path + " could not be read"));
          }
        });
  }

  private void awaitContact(PartitionNode content, ByteString data, int version) {
    OptionalLong now = store.sessionId();
    if (now.isPresent() && !now.equals(session)) {
      result.complete(
          mayHaveLanded
              ? new Result.Unknown("the session ended while " + path + " was being written")
              : new Result.Failed("the session ended before " + path + " was written"));
      return;
    }
    NextContact.then(store, () -> send(content, data, version));
  }

  /** A step that throws ends the write loudly: whoever waits for it must not wait for ever. */
  private <T> void guarded(CompletionStage<T> stage, Consumer<T> step) {
    stage.whenComplete(
        (value, failure) ->
            store
                .loop()
                .execute(
                    () -> {
                      try {
                        if (failure != null) {
                          throw new IllegalStateException(failure);
                        }
                        step.accept(value);
                      } catch (RuntimeException e) {
                        result.completeExceptionally(e);
                      }
                    }));
  }
}
