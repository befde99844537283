package io.millrace.rpc;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.wire.FrameHead;
import io.millrace.wire.MessageScan;
import io.millrace.wire.v1.Error;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A connection over a limit: its Hello is answered with the reason, so that the peer can tell its
 * user, and nothing else of it is served. The peer closes it, or this side after a second. On its
 * link's loop.
 */
final class RefusedConnection implements LinkHandler {
  /** For the Hello to come, the answer to go, and the peer to close. */
  static final long LONGEST_NANOS = SECONDS.toNanos(1);

  private final Link link;
  private final String why;
  private final MessageScan scan;
  private final Runnable whenClosed;
  private final FrameAssembler frames;
  private final Timer limit;

  /** The Hello has come, or what came is none: what else comes is thrown away. */
  private boolean done;

  /**
   * @param scan the loop's own, used within calls only
   * @param whenClosed once
   */
  RefusedConnection(Link link, String why, MessageScan scan, Runnable whenClosed) {
    this.link = link;
    this.why = why;
    this.scan = scan;
    this.whenClosed = whenClosed;
    frames = new FrameAssembler(link::newBuffer, RpcServerSettings.HELLO_SIZE_LIMIT);
    limit = link.loop().schedule(LONGEST_NANOS, link::close);
  }

  @Override
  public void onBytes(ReceivedBytes bytes) {
    if (done) {
      bytes.release();
      return;
    }
    frames.add(bytes);
    FrameAssembler.Step step = frames.next();
    if (step == FrameAssembler.Step.FRAME) {
      MessageScan.Verdict verdict = scan.scan(frames.message());
      boolean isHello =
          verdict == MessageScan.Verdict.VALID && scan.api() == Request.HELLO_FIELD_NUMBER;
      frames.takeMemory().release();
      if (isHello) {
        answer(scan.correlationId());
      } else {
        end();
      }
    } else if (step == FrameAssembler.Step.BAD_LENGTH) {
      end();
    }
  }

  private void answer(long correlationId) {
    done = true;
    frames.release();
    Response response =
        Response.newBuilder()
            .setCorrelationId(correlationId)
            .setError(Error.newBuilder().setCode(ErrorCode.TOO_MANY_CONNECTIONS).setMessage(why))
            .build();
    link.write(FrameHead.encode(response, 0), List.of(), written -> {});
  }

  private void end() {
    done = true;
    link.close();
  }

  @Override
  public void onClosed(@Nullable Throwable cause) {
    limit.cancel();
    frames.release();
    whenClosed.run();
  }
}
