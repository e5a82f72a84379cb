package dynamotable

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// TestClientPerData: the tables of one Data share a client; another Data has the
// configuration read again; what failed is tried again.
func TestClientPerData(t *testing.T) {
	t.Parallel()
	read := 0
	d := newDriver(func() (aws.Config, error) {
		if read++; read == 1 {
			return aws.Config{}, errors.New("no region yet")
		}
		return aws.Config{Region: "eu-central-1"}, nil
	})
	first, second := datastore.New(nil, nil), datastore.New(nil, nil)
	if _, err := d.open(first); err == nil {
		t.Error("open without a configuration: error = nil, want one")
	}
	a, err1 := d.open(first)
	b, err2 := d.open(first)
	c, err3 := d.open(second)
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	if a != b {
		t.Error("two tables of one Data have two clients, want one")
	}
	if c == a || read != 3 {
		t.Errorf("another Data: same client %v, configuration read %d times, want another client and 3", c == a, read)
	}
}
