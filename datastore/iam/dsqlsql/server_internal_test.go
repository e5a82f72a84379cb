package dsqlsql

import (
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

// TestServerOf: the endpoint of an identifier.
func TestServerOf(t *testing.T) {
	t.Parallel()
	const id = "iaabtwxkfqn5crhdplktxyrwke"
	s, err := serverOf(id, "eu-central-1")
	if err != nil || s.Address() != id+".dsql.eu-central-1.on.aws:5432" || s.Database != "postgres" || s.TLS.ServerName != s.Host || s.TLS.RootCAs == nil {
		t.Errorf("serverOf(%q) = %+v, %v", id, s, err)
	}
	for access, want := range map[sqldb.Access]string{sqldb.ReadOnly: "DbConnect", sqldb.ReadWrite: "DbConnect", sqldb.Ownership: "DbConnectAdmin"} {
		if r := request(s.Host, access); r.Query.Get("Action") != want || r.Service != "dsql" || r.Host != s.Host {
			t.Errorf("request(%s) = %+v, want %s", access, r, want)
		}
	}
}
