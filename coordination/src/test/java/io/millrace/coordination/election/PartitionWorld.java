package io.millrace.coordination.election;

import com.google.protobuf.ByteString;
import io.millrace.coordination.store.MemoryStore;
import io.millrace.coordination.store.MemoryWorld;
import io.millrace.coordination.store.Node;
import io.millrace.coordination.store.NodeKind;
import io.millrace.coordination.store.ReadOutcome;
import io.millrace.coordination.store.StoreOp;
import io.millrace.coordination.store.ZnodeJson;
import io.millrace.coordination.store.ZnodePaths;
import io.millrace.coordination.store.ZnodeReading;
import io.millrace.coordination.v1.PartitionNode;
import java.util.ArrayList;
import java.util.List;

/** One partition's node, brokers 1 to 3 that have been known since version 0, and two clients. */
final class PartitionWorld {
  static final String TOPIC = "a~aaaaaaaa";
  static final String PATH = ZnodePaths.partition(TOPIC, 0);

  final MemoryWorld world;
  final MemoryStore store;
  final MemoryStore other;

  PartitionWorld(long seed) {
    world = new MemoryWorld(seed);
    store = world.open();
    other = world.open();
  }

  void given(PartitionNode.Builder node) {
    List<StoreOp> steps = new ArrayList<>();
    steps.add(create(ZnodePaths.PARTITIONS, ByteString.EMPTY));
    steps.add(create(ZnodePaths.partitions(TOPIC), ByteString.EMPTY));
    steps.add(create(ZnodePaths.BROKERS, ByteString.EMPTY));
    steps.add(create(ZnodePaths.KNOWN_BROKERS, ByteString.EMPTY));
    for (int id = 1; id <= 3; id++) {
      steps.add(create(ZnodePaths.knownBroker(id), ByteString.EMPTY));
    }
    steps.add(create(PATH, ZnodeJson.PARTITION.write(node.build())));
    world.get(store, s -> s.transact(steps));
  }

  private static StoreOp create(String path, ByteString content) {
    return new StoreOp.Create(path, content, NodeKind.PERSISTENT);
  }

  /** Of a broker that has done so once before. */
  void registerAnew(int broker) {
    world.get(other, s -> s.set(ZnodePaths.knownBroker(broker), ByteString.EMPTY, 0));
  }

  /** Of the version that the node was made with. */
  void writeAsAnother(PartitionNode node) {
    world.get(other, s -> s.set(PATH, ZnodeJson.PARTITION.write(node), 0));
  }

  PartitionNode content() {
    ReadOutcome<Node> read =
        world.get(store, s -> s.sync("/").thenCompose(isSynced -> s.read(PATH)));
    Node node = ((ReadOutcome.Found<Node>) read).value();
    return ((ZnodeReading.Understood<PartitionNode>) ZnodeJson.PARTITION.read(node.data()))
        .content();
  }
}
