#!/usr/bin/perl
# Labels as plain text: GET /17 gives the label of parcel 17. One process a request.
use strict; use warnings; use IO::Socket::INET; use DBI;
$ENV{PGPASSFILE} = '/etc/waybill.pgpass';
$SIG{CHLD} = 'IGNORE';
my $door = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 8390, Listen => 16, ReuseAddr => 1) or die $!;
while (my $caller = $door->accept) {
    next if fork;
    my $line = <$caller> // '';
    while (defined(my $head = <$caller>)) { last if $head =~ /^\r?\n$/ }
    my ($id) = $line =~ m{^GET /(\d{1,6})};
    my ($status, $text) = ('404 Not Found', "no such parcel\n");
    if (defined $id) {
        my $db = DBI->connect('dbi:Pg:dbname=haulage;host=127.0.0.1', 'waybill', undef, { RaiseError => 1 });
        my @row = $db->selectrow_array('SELECT sender, consignee, grams FROM parcel WHERE id = ?', undef, $id);
        ($status, $text) = ('200 OK', sprintf("FROM %s\nTO   %s\n%d g  [%s]\n", @row, '|' x (10 + $id % 20))) if @row;
        $db->disconnect;
    }
    print $caller "HTTP/1.0 $status\r\nContent-Type: text/plain\r\nContent-Length: ", length $text, "\r\n\r\n$text";
    close $caller;
    exit 0;
}
