package io.millrace.rpc;

class MemoryTransportTest extends TransportContract {
  @Override
  protected TransportWorld newWorld() {
    return new MemoryWorld(7);
  }
}
