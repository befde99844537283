package io.millrace.rpc.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.FileRegion;
import io.netty.channel.MessageSizeEstimator;

/**
 * How much a channel has to send of a part. Netty's own estimate takes file regions for nothing;
 * with this one the channel's count of what it still holds is what {@link NettyLink#pendingBytes}
 * needs to tell a slow reader from one that has stopped.
 */
final class PartSize implements MessageSizeEstimator {
  static final PartSize ESTIMATOR = new PartSize();

  private static final Handle HANDLE =
      message -> {
        if (message instanceof ByteBuf bytes) {
          return bytes.readableBytes();
        }
        // A frame's length is an int, so a region within one fits.
        return message instanceof FileRegion region ? Math.toIntExact(region.count()) : 0;
      };

  private PartSize() {}

  @Override
  public Handle newHandle() {
    return HANDLE;
  }
}
