package io.millrace.rpc.netty;

import io.millrace.rpc.TransportContract;
import io.millrace.rpc.TransportWorld;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoLeaks.class)
class NioTransportTest extends TransportContract {
  @Override
  protected TransportWorld newWorld() {
    return new NettyWorld(SocketKind.nio());
  }
}
