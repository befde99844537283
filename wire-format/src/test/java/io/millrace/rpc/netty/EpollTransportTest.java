package io.millrace.rpc.netty;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.millrace.rpc.TransportContract;
import io.millrace.rpc.TransportWorld;
import io.netty.channel.epoll.Epoll;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoLeaks.class)
class EpollTransportTest extends TransportContract {
  @Override
  protected TransportWorld newWorld() {
    assumeTrue(Epoll.isAvailable(), "Linux only");
    return new NettyWorld(SocketKind.epoll());
  }
}
