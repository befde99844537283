package io.millrace.simulator;

import io.millrace.client.Durability;
import java.util.ArrayList;
import java.util.List;

/** The writers and readers of a run, each replaced by a new process when it is killed. */
final class Clients {
  private final World world;
  private final Options options;
  private final Ledger ledger;
  private final List<Writer> writers = new ArrayList<>();
  private final List<Reader> readers = new ArrayList<>();
  private final List<Writer> formerWriters = new ArrayList<>();
  private final List<Reader> formerReaders = new ArrayList<>();
  private int born;
  private boolean isHolding;

  Clients(World world, Options options, Ledger ledger) {
    this.world = world;
    this.options = options;
    this.ledger = ledger;
    for (int i = 0; i < options.writers().size(); i++) {
      writers.add(newWriter(i));
    }
    for (int i = 0; i < options.readers(); i++) {
      readers.add(newReader());
    }
  }

  private Writer newWriter(int index) {
    return new Writer(
        world, ledger, "w" + born++, options.writers().get(index), options.partitions());
  }

  Reader newReader() {
    int number = born++;
    return new Reader(world, ledger, "r" + number, options.partitions(), number % 2 == 0);
  }

  void send(int writer, int partition) {
    if (!isHolding) {
      writers.get(writer).send(partition);
    }
  }

  /** As {@link #send}, also while the writer waits for as much as it may. */
  void probe(int writer, int partition) {
    if (!isHolding) {
      writers.get(writer).probe(partition);
    }
  }

  /** Nothing is sent until the topic is another one. */
  void holdBack() {
    isHolding = true;
  }

  /** Whether the topic is being made anew. */
  boolean isHolding() {
    return isHolding;
  }

  /** Writers have to find out by themselves; who has read the old one is done with it. */
  void topicIsNew() {
    isHolding = false;
    writers.forEach(Writer::topicIsNew);
    for (int i = 0; i < readers.size(); i++) {
      killReader(i);
    }
    formerReaders.clear();
  }

  void poll(int reader) {
    readers.get(reader).poll();
  }

  void killWriter(int index) {
    Writer old = writers.get(index);
    old.kill();
    formerWriters.add(old);
    writers.set(index, newWriter(index));
  }

  void killReader(int index) {
    Reader old = readers.get(index);
    old.kill();
    formerReaders.add(old);
    readers.set(index, newReader());
  }

  /** One whose acknowledgements promise something. */
  int safeWriter() {
    for (int i = 0; i < writers.size(); i++) {
      if (options.writers().get(i).level() != Durability.LEADER) {
        return i;
      }
    }
    throw new IllegalStateException("every run has such a writer");
  }

  List<Writer> writers() {
    return writers;
  }

  List<Reader> readers() {
    return readers;
  }

  /** Also those that were killed. */
  List<Reader> allReaders() {
    List<Reader> all = new ArrayList<>(formerReaders);
    all.addAll(readers);
    return all;
  }

  boolean allHaveEnded() {
    return writers.stream().allMatch(Writer::isIdle);
  }

  /** Of brokers and clients, also of those that were killed. */
  List<String> hosts() {
    List<String> hosts = new ArrayList<>();
    world.machines().forEach(machine -> hosts.add(machine.host()));
    for (List<Writer> some : List.of(formerWriters, writers)) {
      some.forEach(writer -> hosts.add(writer.host().name()));
    }
    for (List<Reader> some : List.of(formerReaders, readers)) {
      some.forEach(reader -> hosts.add(reader.host().name()));
    }
    return hosts;
  }

  boolean isClient(String host) {
    return world.machines().stream().noneMatch(machine -> machine.host().equals(host));
  }

  /** By number: brokers first, then writers, then readers. */
  String host(int number) {
    int brokers = options.brokers();
    if (number < brokers) {
      return world.machines().get(number).host();
    }
    int client = number - brokers;
    return client < writers.size()
        ? writers.get(client).host().name()
        : readers.get(client - writers.size()).host().name();
  }
}
