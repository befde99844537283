package io.millrace.coordination.curator;

import io.millrace.coordination.store.NodeKind;
import io.millrace.coordination.store.StoreOp;
import java.util.ArrayList;
import java.util.List;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.ZooDefs;

/** Our steps as ZooKeeper's. */
final class Transactions {
  private Transactions() {}

  static List<Op> toZooKeeper(List<StoreOp> steps, Chroot chroot) {
    List<Op> ops = new ArrayList<>(steps.size());
    for (StoreOp step : steps) {
      ops.add(toZooKeeper(step, chroot.full(step.path())));
    }
    return ops;
  }

  private static Op toZooKeeper(StoreOp step, String fullPath) {
    if (step instanceof StoreOp.Create create) {
      return Op.create(
          fullPath, create.data().toByteArray(), ZooDefs.Ids.OPEN_ACL_UNSAFE, mode(create.kind()));
    }
    if (step instanceof StoreOp.Set set) {
      return Op.setData(fullPath, set.data().toByteArray(), set.expectedVersion());
    }
    if (step instanceof StoreOp.Delete delete) {
      return Op.delete(fullPath, delete.expectedVersion());
    }
    return Op.check(fullPath, ((StoreOp.Check) step).expectedVersion());
  }

  private static CreateMode mode(NodeKind kind) {
    return kind == NodeKind.EPHEMERAL ? CreateMode.EPHEMERAL : CreateMode.PERSISTENT;
  }
}
