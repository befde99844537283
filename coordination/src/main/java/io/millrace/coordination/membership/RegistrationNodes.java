package io.millrace.coordination.membership;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import io.millrace.coordination.store.ClusterStore;
import io.millrace.coordination.store.Node;
import io.millrace.coordination.store.NodeKind;
import io.millrace.coordination.store.ReadOutcome;
import io.millrace.coordination.store.StoreOp;
import io.millrace.coordination.store.WriteOutcome;
import io.millrace.coordination.store.ZnodeJson;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.coordination.store.ZnodeReading;
import io.millrace.coordination.v1.EndpointNode;
import io.millrace.coordination.v1.KnownBrokerNode;
import io.millrace.coordination.v1.LiveBrokerNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Reads and writes the two nodes of one broker. Owner: the store's loop. */
final class RegistrationNodes {
  private final ClusterStore store;
  private final BrokerSelf self;
  private final String knownPath;
  private final String livePath;

  RegistrationNodes(ClusterStore store, BrokerSelf self) {
    this.store = store;
    this.self = self;
    this.knownPath = ZnodePaths.knownBroker(self.id());
    this.livePath = ZnodePaths.liveBroker(self.id());
  }

  /** What stands there; empty when it could not be read. */
  record Found(Optional<RegistrationPlan.Known> known, Optional<RegistrationPlan.Live> live) {}

  String livePath() {
    return livePath;
  }

  CompletionStage<Optional<Found>> look() {
    return store
        .read(knownPath)
        .thenCombine(
            store.read(livePath),
            (known, live) -> {
              if (known instanceof ReadOutcome.Unavailable<Node>
                  || live instanceof ReadOutcome.Unavailable<Node>) {
                return Optional.empty();
              }
              return Optional.of(
                  new Found(
                      found(known)
                          .map(
                              node ->
                                  new RegistrationPlan.Known(
                                      understood(node, ZnodeJson.KNOWN_BROKER), node.version())),
                      found(live)
                          .map(
                              node ->
                                  new RegistrationPlan.Live(
                                      understood(node, ZnodeJson.LIVE_BROKER),
                                      node.version(),
                                      node.ephemeralOwner()))));
            });
  }

  private static Optional<Node> found(ReadOutcome<Node> outcome) {
    return outcome instanceof ReadOutcome.Found<Node> found
        ? Optional.of(found.value())
        : Optional.empty();
  }

  private static <T extends Message> @Nullable T understood(Node node, ZnodeJson<T> json) {
    return json.read(node.data()) instanceof ZnodeReading.Understood<T> understood
        ? understood.content()
        : null;
  }

  CompletionStage<WriteOutcome> introduce() {
    return store.create(knownPath, known(self.directoryId(), 0), NodeKind.PERSISTENT);
  }

  /**
   * Fences every in-sync change that was meant for an earlier life of this broker. The directory
   * stays the one that stands there: that it is another now is noted only once the sets are left.
   */
  CompletionStage<WriteOutcome> bumpKnown(RegistrationPlan.Known known) {
    KnownBrokerNode content = known.content();
    String directoryId = content == null ? self.directoryId() : content.getDirectoryId();
    return store.set(knownPath, known(directoryId, known.version() + 1), known.version());
  }

  CompletionStage<WriteOutcome> register(RegistrationPlan.Register plan) {
    int incarnation = plan.knownVersion() + 1;
    List<StoreOp> steps = new ArrayList<>();
    steps.add(
        new StoreOp.Set(knownPath, known(self.directoryId(), incarnation), plan.knownVersion()));
    plan.ghostVersion().ifPresent(ghost -> steps.add(new StoreOp.Delete(livePath, ghost)));
    steps.add(new StoreOp.Create(livePath, live(incarnation), NodeKind.EPHEMERAL));
    return store.transact(steps);
  }

  CompletionStage<WriteOutcome> unregister() {
    // Nobody ever writes a live node after its creation.
    return store.delete(livePath, 0);
  }

  private static ByteString known(String directoryId, int incarnation) {
    return ZnodeJson.KNOWN_BROKER.write(
        KnownBrokerNode.newBuilder()
            .setVersion(ZnodeJson.VERSION)
            .setDirectoryId(directoryId)
            .setIncarnation(incarnation)
            .build());
  }

  private ByteString live(int incarnation) {
    LiveBrokerNode.Builder node =
        LiveBrokerNode.newBuilder()
            .setVersion(ZnodeJson.VERSION)
            .setId(self.id())
            .setIncarnation(incarnation)
            .setRack(self.rack())
            .setSoftwareVersion(self.softwareVersion())
            .setDirectoryId(self.directoryId())
            .setBootId(self.bootId());
    new TreeMap<>(self.endpoints())
        .forEach(
            (listener, endpoint) ->
                node.addEndpoints(
                    EndpointNode.newBuilder()
                        .setListener(listener)
                        .setHost(endpoint.host())
                        .setPort(endpoint.port())));
    return ZnodeJson.LIVE_BROKER.write(node.build());
  }
}
