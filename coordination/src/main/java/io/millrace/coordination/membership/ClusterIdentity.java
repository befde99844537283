package io.millrace.coordination.membership;

import com.google.protobuf.ByteString;
import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.store.Node;
import io.millrace.coordination.store.NodeKind;
import io.millrace.coordination.store.OnLoop;
import io.millrace.coordination.store.Pipelined;
import io.millrace.coordination.store.ReadOutcome;
import io.millrace.coordination.store.StoreOp;
import io.millrace.coordination.store.WriteOutcome;
import io.millrace.coordination.store.ZnodeJson;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.coordination.store.ZnodeReading;
import io.millrace.coordination.v1.ClusterNode;
import io.millrace.rpc.Tasks;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Which cluster stands in the store; a broker with an empty data directory founds one where there
 * is none. Safe for any thread.
 *
 * <p>If we crash here: the layout is made before {@code /cluster} or with it, and making it again
 * changes nothing. The caller notes the id in its data directory after that, and finds the same id
 * next time.
 */
public final class ClusterIdentity {
  /** What this program writes, and the lowest it reads. */
  public static final int FORMAT_VERSION = 1;

  private static final char[] ID_DIGITS = "abcdefghijklmnopqrstuvwxyz234567".toCharArray();
  private static final int ID_LENGTH = 16;

  /** What came of it. */
  public sealed interface Outcome {
    record Established(String clusterId, int formatVersion) implements Outcome {}

    /**
     * This broker cannot belong to what stands in the store; the message says what to look at. B64
     */
    record Refused(String why) implements Outcome {}

    /** Try again: no contact, or an unknown outcome. */
    record Unavailable(String why) implements Outcome {}
  }

  private final ClusterStore store;
  private final Tasks tasks;

  public ClusterIdentity(ClusterStore store, Tasks tasks) {
    this.store = store;
    this.tasks = tasks;
  }

  /**
   * @param expected the cluster that the data directory belongs to; empty for a new directory
   * @return completes on the store's loop
   */
  public CompletionStage<Outcome> establish(Optional<String> expected) {
    return OnLoop.call(store.loop(), () -> look(expected));
  }

  private CompletionStage<Outcome> look(Optional<String> expected) {
    return store
        .sync(ZnodePaths.ROOT)
        .thenCompose(isSynced -> store.read(ZnodePaths.CLUSTER))
        .thenCompose(read -> onRead(read, expected));
  }

  private CompletionStage<Outcome> onRead(ReadOutcome<Node> read, Optional<String> expected) {
    if (read instanceof ReadOutcome.Found<Node> found) {
      Outcome judged = judge(found.value(), expected);
      return judged instanceof Outcome.Established
          ? completeLayout(judged)
          : CompletableFuture.completedFuture(judged);
    }
    if (read instanceof ReadOutcome.Unavailable<Node> unavailable) {
      return CompletableFuture.completedFuture(new Outcome.Unavailable(unavailable.why()));
    }
    if (expected.isPresent()) {
      return CompletableFuture.completedFuture(
          new Outcome.Refused(
              "the data directory belongs to cluster "
                  + expected.get()
                  + ", but there is no cluster at this ZooKeeper address. Is it the right address"
                  + " and chroot, and has ZooKeeper its data?"));
    }
    return store
        .create(ZnodePaths.ROOT, ByteString.EMPTY, NodeKind.PERSISTENT)
        .thenCompose(
            root -> isThere(root) ? found(new ArrayDeque<>(newNodes())) : unavailable(root));
  }

  /** What a cluster founded by an older version lacks. */
  private CompletionStage<Outcome> completeLayout(Outcome established) {
    return store
        .children(ZnodePaths.ROOT)
        .thenCompose(
            read -> {
              List<String> missing = new ArrayList<>(ZnodePaths.LAYOUT);
              if (read instanceof ReadOutcome.Found<List<String>> found) {
                // What is deeper came with its parent.
                missing.removeIf(
                    path -> path.lastIndexOf('/') > 0 || found.value().contains(path.substring(1)));
              }
              return Pipelined.all(
                  missing,
                  path ->
                      store
                          .create(path, ByteString.EMPTY, NodeKind.PERSISTENT)
                          .thenApply(ClusterIdentity::isThere));
            })
        .thenApply(
            isComplete ->
                isComplete
                    ? established
                    : new Outcome.Unavailable("the cluster's layout could not be completed"));
  }

  /** Parents first, {@code /cluster} last: it says that the rest is there. */
  private List<StoreOp> newNodes() {
    List<StoreOp> nodes = new ArrayList<>();
    for (String path : ZnodePaths.LAYOUT) {
      nodes.add(new StoreOp.Create(path, ByteString.EMPTY, NodeKind.PERSISTENT));
    }
    ByteString content =
        ZnodeJson.CLUSTER.write(
            ClusterNode.newBuilder()
                .setVersion(ZnodeJson.VERSION)
                .setClusterId(newId())
                .setCreated(Instant.ofEpochMilli(tasks.clock().wallMillis()).toString())
                .setFormatVersion(FORMAT_VERSION)
                .build());
    nodes.add(new StoreOp.Create(ZnodePaths.CLUSTER, content, NodeKind.PERSISTENT));
    return nodes;
  }

  /** At once where nothing is there; else one by one, whoever makes them. */
  private CompletionStage<Outcome> found(Deque<StoreOp> nodes) {
    return store
        .transact(List.copyOf(nodes))
        .thenCompose(
            outcome ->
                outcome instanceof WriteOutcome.Conflict ? foundInSteps(nodes) : readBack(outcome));
  }

  private CompletionStage<Outcome> foundInSteps(Deque<StoreOp> nodes) {
    StoreOp next = nodes.remove();
    return store
        .transact(List.of(next))
        .thenCompose(
            outcome ->
                nodes.isEmpty() || !isThere(outcome) ? readBack(outcome) : foundInSteps(nodes));
  }

  /** Ours or another broker's that was faster: what stands there counts. */
  private CompletionStage<Outcome> readBack(WriteOutcome outcome) {
    return isThere(outcome) ? look(Optional.empty()) : unavailable(outcome);
  }

  private static boolean isThere(WriteOutcome outcome) {
    return outcome instanceof WriteOutcome.Applied
        || (outcome instanceof WriteOutcome.Conflict conflict
            && conflict.kind() == WriteOutcome.Conflict.Kind.EXISTS);
  }

  private static CompletionStage<Outcome> unavailable(WriteOutcome outcome) {
    return CompletableFuture.completedFuture(
        outcome instanceof WriteOutcome.Rejected rejected
                && rejected.reason() == WriteOutcome.Rejected.Reason.NOT_ALLOWED
            ? new Outcome.Refused(rejected.why())
            : new Outcome.Unavailable("cannot found the cluster: " + outcome));
  }

  private static Outcome judge(Node node, Optional<String> expected) {
    ZnodeReading<ClusterNode> reading = ZnodeJson.CLUSTER.read(node.data());
    if (reading instanceof ZnodeReading.FromTheFuture<ClusterNode> future) {
      return new Outcome.Refused(
          "the cluster's format " + future.version() + " is newer than this program knows");
    }
    if (reading instanceof ZnodeReading.Damaged<ClusterNode> damaged) {
      return new Outcome.Refused("the node /cluster cannot be read: " + damaged.why());
    }
    ClusterNode cluster = ((ZnodeReading.Understood<ClusterNode>) reading).content();
    if (cluster.getFormatVersion() > FORMAT_VERSION) {
      return new Outcome.Refused(
          "the cluster uses format version "
              + cluster.getFormatVersion()
              + ", this program knows "
              + FORMAT_VERSION
              + ": install the newer release");
    }
    if (expected.isPresent() && !expected.get().equals(cluster.getClusterId())) {
      return new Outcome.Refused(
          "the data directory belongs to cluster "
              + expected.get()
              + ", but at this ZooKeeper address is cluster "
              + cluster.getClusterId()
              + ". Correct the address, or give this broker another data directory");
    }
    return new Outcome.Established(cluster.getClusterId(), cluster.getFormatVersion());
  }

  private String newId() {
    StringBuilder id = new StringBuilder();
    for (int i = 0; i < ID_LENGTH; i++) {
      id.append(ID_DIGITS[tasks.random().nextInt(ID_DIGITS.length)]);
    }
    return id.toString();
  }
}
