# Verifies the DKIM signatures of the message on standard input, with public keys from a file instead of the DNS:
# on each line a name, a space and the text of its TXT record. Prints the result of each signature.
use strict;
use warnings;
use Mail::DKIM::Verifier;
use Net::DNS;

open(my $file, '<', $ARGV[0]) or die "no records";
my %records = map { chomp; split / /, $_, 2 } <$file>;
{
    no warnings 'redefine';
    *Mail::DKIM::DNS::query = sub {
        my $text = $records{ $_[0] } or return;
        return Net::DNS::RR->new(name => $_[0], type => 'TXT', txtdata => [ $text =~ /(.{1,255})/g ]);
    };
}
binmode STDIN;
my $verifier = Mail::DKIM::Verifier->new;
$verifier->load(*STDIN);
print $_->algorithm, " ", $_->result, "\n" for $verifier->signatures;
