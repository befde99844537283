package io.millrace.coordination.topics;

import com.google.protobuf.Message;
import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.store.NextContact;
import io.millrace.coordination.store.Node;
import io.millrace.coordination.store.NodeKind;
import io.millrace.coordination.store.OnLoop;
import io.millrace.coordination.store.ReadOutcome;
import io.millrace.coordination.store.StoreOp;
import io.millrace.coordination.store.WriteOutcome;
import io.millrace.coordination.store.ZnodeJson;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.coordination.store.ZnodeReading;
import io.millrace.coordination.v1.DeletedTopicNode;
import io.millrace.coordination.v1.TopicNode;
import io.millrace.coordination.v1.TopicState;
import io.millrace.coordination.view.TopicNames;
import io.millrace.rpc.SafetyRule;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Marks topics as deleted. Any broker may. What follows is {@link DeletionProgress}. Safe for any
 * thread.
 *
 * <p>If we crash here: state and tombstone are one transaction; a topic is marked or it is not.
 */
public final class TopicDeletion {
  private static final Logger log = LoggerFactory.getLogger(TopicDeletion.class);
  private static final int MAX_TRIES = 40;

  /** What the store says of data whose topic is not in the image. */
  public enum Fate {
    /** It was deleted on purpose: the data may go. */
    DELETED,
    /** Nothing says so: the data is kept aside, never deleted. B76 */
    NOT_DELETED,
    /** The store does not answer, or not in a way we understand. */
    UNKNOWN
  }

  private final ClusterStore store;
  private final int brokerId;

  /**
   * @param brokerId who will be named as the one that served the request
   */
  public TopicDeletion(ClusterStore store, int brokerId) {
    this.store = store;
    this.brokerId = brokerId;
  }

  /**
   * @param topicId when given: only this very topic, not another of the same name
   * @return completes on the store's loop
   */
  public CompletionStage<DeleteOutcome> delete(String name, Optional<String> topicId) {
    if (TopicNames.fault(name) != null) {
      return CompletableFuture.completedFuture(new DeleteOutcome.NotFound());
    }
    return OnLoop.call(store.loop(), () -> new Request(name, topicId).look());
  }

  /** Asked for a topic id found on disk that no topic has. Completes on the store's loop. */
  public CompletionStage<Fate> fateOf(String topicId) {
    return OnLoop.call(
        store.loop(),
        () ->
            store
                .sync(ZnodePaths.ROOT)
                .thenCompose(
                    isSynced ->
                        isSynced
                            ? read(topicId)
                            : CompletableFuture.completedFuture(Fate.UNKNOWN)));
  }

  private CompletionStage<Fate> read(String topicId) {
    if (!SafetyRule.R14.isLeftOut()) {
      return store.read(ZnodePaths.deleted(topicId)).thenApply(TopicDeletion::fate);
    }
    String name = topicId.substring(0, topicId.lastIndexOf('~') + 1);
    return store
        .children(ZnodePaths.DELETED)
        .thenApply(
            read ->
                read instanceof ReadOutcome.Found<List<String>> found
                        && found.value().stream().anyMatch(id -> id.startsWith(name))
                    ? Fate.DELETED
                    : Fate.NOT_DELETED);
  }

  private static Fate fate(ReadOutcome<Node> read) {
    if (read instanceof ReadOutcome.Absent<Node>) {
      return Fate.NOT_DELETED;
    }
    return read instanceof ReadOutcome.Found<Node> found
            && ZnodeJson.DELETED_TOPIC.read(found.value().data())
                instanceof ZnodeReading.Understood<? extends Message>
        ? Fate.DELETED
        : Fate.UNKNOWN;
  }

  /** One request, over as many tries as it takes to know what became of it. On the loop. */
  private final class Request {
    private final String name;
    private final Optional<String> topicId;
    private int tries;

    /** The topic that was sent to be marked, with an unknown outcome; empty before. */
    private String doubtful = "";

    Request(String name, Optional<String> topicId) {
      this.name = name;
      this.topicId = topicId;
    }

    CompletionStage<DeleteOutcome> look() {
      return store
          .sync(ZnodePaths.ROOT)
          .thenCompose(
              isSynced ->
                  isSynced
                      ? store.read(ZnodePaths.topic(name)).thenCompose(this::onRead)
                      : again("no contact with ZooKeeper"));
    }

    private CompletionStage<DeleteOutcome> onRead(ReadOutcome<Node> read) {
      if (read instanceof ReadOutcome.Unavailable<Node> unavailable) {
        return again(unavailable.why());
      }
      if (!(read instanceof ReadOutcome.Found<Node> found)) {
        return done(
            doubtful.isEmpty()
                ? new DeleteOutcome.NotFound()
                // Marked by us, and already gone.
                : new DeleteOutcome.Deleting(doubtful));
      }
      Node node = found.value();
      if (!(ZnodeJson.TOPIC.read(node.data())
              instanceof ZnodeReading.Understood<TopicNode> understood)
          || !understood.isComplete()) {
        return done(
            new DeleteOutcome.Unavailable(
                "the topic's node holds what this broker does not understand"));
      }
      TopicNode topic = understood.content();
      if (topicId.isPresent() && !topicId.get().equals(topic.getTopicId())) {
        return done(new DeleteOutcome.NotFound());
      }
      return topic.getState() == TopicState.DELETING
          ? done(new DeleteOutcome.Deleting(topic.getTopicId()))
          : mark(topic, node.version());
    }

    private CompletionStage<DeleteOutcome> mark(TopicNode topic, int version) {
      DeletedTopicNode tombstone =
          DeletedTopicNode.newBuilder()
              .setVersion(ZnodeJson.VERSION)
              .setName(name)
              .setDeleted(Instant.ofEpochMilli(store.loop().clock().wallMillis()).toString())
              .setBroker(brokerId)
              .setPartitions(topic.getPartitions())
              .build();
      return store
          .transact(
              List.of(
                  new StoreOp.Set(
                      ZnodePaths.topic(name),
                      ZnodeJson.TOPIC.write(
                          topic.toBuilder().setState(TopicState.DELETING).build()),
                      version),
                  new StoreOp.Create(
                      ZnodePaths.deleted(topic.getTopicId()),
                      ZnodeJson.DELETED_TOPIC.write(tombstone),
                      NodeKind.PERSISTENT)))
          .thenCompose(outcome -> onMarked(topic, outcome));
    }

    private CompletionStage<DeleteOutcome> onMarked(TopicNode topic, WriteOutcome outcome) {
      if (outcome instanceof WriteOutcome.Applied) {
        log.info("topic {} is being deleted, it was {}", name, topic.getTopicId());
        return done(new DeleteOutcome.Deleting(topic.getTopicId()));
      }
      if (outcome instanceof WriteOutcome.Unknown) {
        doubtful = topic.getTopicId();
      }
      // Changed by somebody else, or unknown: what stands there now tells.
      return again(outcome.toString());
    }

    private CompletionStage<DeleteOutcome> again(String why) {
      if (doubtful.isEmpty() && store.sessionId().isEmpty()) {
        return done(new DeleteOutcome.Unavailable(why));
      }
      if (++tries >= MAX_TRIES) {
        return done(
            doubtful.isEmpty()
                ? new DeleteOutcome.Unavailable(why)
                : new DeleteOutcome.Unknown(doubtful, why));
      }
      CompletableFuture<DeleteOutcome> later = new CompletableFuture<>();
      NextContact.then(
          store,
          () ->
              OnLoop.call(store.loop(), this::look)
                  .whenComplete(
                      (outcome, failure) -> {
                        if (failure != null) {
                          later.completeExceptionally(failure);
                        } else {
                          later.complete(outcome);
                        }
                      }));
      return later;
    }

    private CompletionStage<DeleteOutcome> done(DeleteOutcome outcome) {
      return CompletableFuture.completedFuture(outcome);
    }
  }
}
