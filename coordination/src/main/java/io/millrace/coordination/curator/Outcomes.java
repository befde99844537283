package io.millrace.coordination.curator;

import io.millrace.coordination.store.StoreOp;
import io.millrace.coordination.store.WriteOutcome;
import io.millrace.coordination.store.WriteOutcome.Conflict;
import io.millrace.coordination.store.WriteOutcome.Rejected;
import java.util.ArrayList;
import java.util.List;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.OpResult;
import org.jspecify.annotations.Nullable;

/** What ZooKeeper's codes say about a write: anything not certain is unknown. */
final class Outcomes {
  private Outcomes() {}

  static WriteOutcome failure(Code code, String path, int step) {
    return switch (code) {
      case NODEEXISTS -> new Conflict(Conflict.Kind.EXISTS, path, step);
      case NONODE -> new Conflict(Conflict.Kind.ABSENT, path, step);
      case BADVERSION -> new Conflict(Conflict.Kind.VERSION, path, step);
      case NOTEMPTY -> new Conflict(Conflict.Kind.NOT_EMPTY, path, step);
      case NOAUTH, AUTHFAILED ->
          new Rejected(Rejected.Reason.NOT_ALLOWED, "not allowed to write " + path);
      case NOCHILDRENFOREPHEMERALS ->
          new Rejected(Rejected.Reason.INVALID, path + " would be a child of an ephemeral node");
      case BADARGUMENTS, INVALIDACL, UNIMPLEMENTED, QUOTAEXCEEDED ->
          new Rejected(Rejected.Reason.INVALID, code + " for " + path);
      // SESSIONEXPIRED too: the client gives it for what was in flight when the handle was closed.
      default -> new WriteOutcome.Unknown(code + " while writing " + path);
    };
  }

  static WriteOutcome ofTransaction(int rc, @Nullable List<OpResult> results, List<StoreOp> ops) {
    Code code = Code.get(rc);
    if (code == Code.OK && results != null) {
      List<Integer> versions = new ArrayList<>(results.size());
      for (int i = 0; i < results.size(); i++) {
        versions.add(versionAfter(ops.get(i), results.get(i)));
      }
      return new WriteOutcome.Applied(versions);
    }
    if (results != null) {
      for (int i = 0; i < results.size(); i++) {
        // The steps before the failed one say OK, those after it RUNTIMEINCONSISTENCY.
        if (results.get(i) instanceof OpResult.ErrorResult error
            && error.getErr() != Code.OK.intValue()
            && error.getErr() != Code.RUNTIMEINCONSISTENCY.intValue()) {
          return failure(Code.get(error.getErr()), ops.get(i).path(), i);
        }
      }
    }
    return failure(code, ops.get(0).path(), 0);
  }

  private static int versionAfter(StoreOp op, OpResult result) {
    if (result instanceof OpResult.SetDataResult set) {
      return set.getStat().getVersion();
    }
    return op instanceof StoreOp.Create ? 0 : WriteOutcome.NO_VERSION;
  }
}
