package io.millrace.client.cluster;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.client.Explanation;
import io.millrace.client.errors.MillraceException;
import io.millrace.wire.v1.ExplainRequest;
import io.millrace.wire.v1.ExplainResponse;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Asks why a group is as it is: any broker first, which says who coordinates it, then that one.
 * Made for a cluster in which something is wrong: what the first has said is told when the second
 * does not answer. On the client's loop.
 */
public final class GroupExplainCall {
  private static final long PATIENCE_NANOS = SECONDS.toNanos(3);

  /** As no broker is called: whoever was asked said only what anybody knows. */
  private static final int ANYBODY = -1;

  private final Cluster cluster;
  private final Supplier<Request.Builder> request;
  private final Done<Explanation> done;
  private @Nullable BrokerCall call;
  private boolean ended;

  private GroupExplainCall(Cluster cluster, String groupId, Done<Explanation> done) {
    this.cluster = cluster;
    this.done = done;
    this.request =
        () -> Request.newBuilder().setExplain(ExplainRequest.newBuilder().setGroup(groupId));
  }

  /**
   * Asks.
   *
   * @return what ends it before its time
   */
  public static Runnable start(
      Cluster cluster, String groupId, long timeoutNanos, Done<Explanation> done) {
    GroupExplainCall explain = new GroupExplainCall(cluster, groupId, done);
    explain.call =
        BrokerCall.start(
            cluster, explain.request, true, "", timeoutNanos, explain::anybodyAnswered);
    return explain::close;
  }

  private void anybodyAnswered(@Nullable Response response, @Nullable MillraceException e) {
    if (ended) {
      return;
    }
    if (response == null) {
      end(null, e);
      return;
    }
    ExplainResponse first = response.getExplain();
    int coordinator = first.hasCoordinator() ? first.getCoordinator() : ANYBODY;
    boolean isElsewhere =
        first.getFindingsList().stream()
            .anyMatch(each -> each.getReason().equals("coordinator-elsewhere"));
    if (!isElsewhere || coordinator < 0) {
      tell(coordinator, first);
      return;
    }
    // A refusal may come from within the asking.
    cluster
        .loop()
        .execute(
            () -> {
              if (!ended) {
                call =
                    BrokerCall.startAt(
                        coordinator,
                        cluster,
                        request,
                        PATIENCE_NANOS,
                        (second, trouble) -> coordinatorAnswered(coordinator, first, second));
              }
            });
  }

  private void coordinatorAnswered(
      int coordinator, ExplainResponse first, @Nullable Response second) {
    if (ended) {
      return;
    }
    if (second == null) {
      tell(ANYBODY, first);
    } else {
      tell(coordinator, second.getExplain());
    }
  }

  private void tell(int broker, ExplainResponse response) {
    try {
      end(Descriptions.explanation(broker, response), null);
    } catch (MillraceException nonsense) {
      end(null, nonsense);
    }
  }

  private void close() {
    ended = true;
    if (call != null) {
      call.close();
    }
  }

  private void end(@Nullable Explanation explanation, @Nullable MillraceException e) {
    ended = true;
    done.done(explanation, e);
  }
}
