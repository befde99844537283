package io.millrace.rpc.netty;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.rpc.Endpoint;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells a person why a listener takes no connections, as when the process is out of handles. Last
 * in the listener's own pipeline, behind Netty's, which takes none for a second then. B92. Owner:
 * the listener's loop.
 */
final class AcceptTrouble extends ChannelInboundHandlerAdapter {
  private static final Logger log = LoggerFactory.getLogger(AcceptTrouble.class);
  private static final long QUIET_SECONDS = 10;

  private final Endpoint address;
  private boolean told;

  AcceptTrouble(Endpoint address) {
    this.address = address;
  }

  @Override
  @SuppressWarnings("FutureReturnValueIgnored") // nobody waits for it
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    if (told) {
      return;
    }
    told = true;
    context.executor().schedule(() -> told = false, QUIET_SECONDS, SECONDS);
    log.error(
        "{}: connections cannot be taken for now ({}); those that are open go on. If it is out of"
            + " file handles: raise the limit (ulimit -n, LimitNOFILE), or find who opens so many",
        address,
        cause.getMessage());
  }
}
