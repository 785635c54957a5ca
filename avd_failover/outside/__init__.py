"""What a run does outside Azure: programs of this machine and addresses of the network."""
