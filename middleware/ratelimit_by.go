package middleware

import (
	"context"
	"net/netip"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// ByCaller counts who is calling for [RateLimit], as an authorizer or a middleware has
// verified it; nobody is not limited.
func ByCaller(ctx context.Context, req *handler.Request) (string, error) {
	caller := req.Caller()
	id, _ := datastore.CallerID(ctx)
	if caller.Anonymous() && id == "" {
		return "", nil
	}
	return string(appendParts(nil, "caller", string(caller.Kind), caller.Claim("iss"), caller.ID, caller.ARN, caller.Account, caller.Identity, id)), nil
}

// ByAddress counts the client's address for [RateLimit], of which the front door has
// been told by the network and not by a header; of IPv6 the /64, which is what one
// client has.
func ByAddress(_ context.Context, req *handler.Request) (string, error) {
	remote := req.Facts().Remote
	return string(appendParts(nil, "address", network(remote))), nil
}

func network(remote string) string {
	at, err := netip.ParseAddrPort(remote)
	addr := at.Addr()
	if err != nil {
		if addr, err = netip.ParseAddr(remote); err != nil {
			return remote
		}
	}
	if addr = addr.Unmap().WithZone(""); addr.Is4() {
		return addr.String()
	}
	prefix, err := addr.Prefix(64)
	if err != nil {
		return addr.String()
	}
	return prefix.Addr().String()
}

// ByTenant counts the tenant for [RateLimit] that [Tenant] outside of it has found, all
// callers together; none is not limited.
func ByTenant(ctx context.Context, _ *handler.Request) (string, error) {
	if _, ok := datastore.Tenant(ctx); !ok {
		return "", nil
	}
	return "tenant", nil // which is in the key of every count
}

func byCallerOrAddress(ctx context.Context, req *handler.Request) (string, error) {
	if by, err := ByCaller(ctx, req); by != "" || err != nil {
		return by, err
	}
	return ByAddress(ctx, req)
}
