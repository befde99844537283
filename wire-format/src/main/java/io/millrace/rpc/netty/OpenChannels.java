package io.millrace.rpc.netty;

import io.netty.channel.Channel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.ImmediateEventExecutor;

/**
 * What a transport has opened and has not closed yet. From any thread.
 *
 * <p>Ending a loop does not close its channels: one that is told to end just between looking for
 * that and asking whether all is done ends with its sockets open, and whoever is behind them never
 * hears of it. So a transport closes everything first, and its loops after that.
 */
final class OpenChannels {
  private final ChannelGroup channels =
      new DefaultChannelGroup(ImmediateEventExecutor.INSTANCE, true);

  /** Once, as soon as it has its handlers. Closed at once when {@link #closeAll} came before. */
  void add(Channel channel) {
    channels.add(channel);
  }

  /**
   * Waits until all are closed; not on a loop of theirs. Handlers hear of it from a task that their
   * loop has been given by then, and runs before it ends.
   */
  void closeAll() {
    channels.close().awaitUninterruptibly();
  }
}
