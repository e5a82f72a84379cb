package tier

import (
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Deployments are functions that nobody declares: one for each store that a function
// uses and to which something is to be done at each deployment, such as the
// migrations of a database. The same binary serves them, under a name that no
// declared function can have: "migrate/main". They have a role of their own, and
// nothing but a deployment invokes them.
func (a *App) Deployments() []*Function {
	var all []*Function
	for _, f := range a.Functions() {
		for _, u := range datastore.Usages(f.grants) {
			store, ok := u.Spec.(datastore.Deployable)
			if !ok || slices.ContainsFunc(all, func(f *Function) bool { return datastore.Same(f.deployed, store) }) {
				continue
			}
			if d := store.Deployment(); d != nil {
				at := f.at
				if len(u.Grants) > 0 {
					at = u.Grants[0].At
				}
				all = append(all, a.newDeployment(store, d, at))
			}
		}
	}
	return all
}

// DeploymentNamed is the one of that name, nil if there is none.
func (a *App) DeploymentNamed(name string) *Function {
	for _, f := range a.Deployments() {
		if f.name == name {
			return f
		}
	}
	return nil
}

func (a *App) newDeployment(store datastore.Spec, d *datastore.Deployment, at datastore.Position) *Function {
	f := &Function{
		app: a, name: d.Name + "/" + store.Name(), at: at, memory: defaultMemory, timeout: StreamTimeout,
		deployed: store, deployment: d,
	}
	f.AddGrant(&datastore.Grant{Function: f.name, Spec: store, Ops: d.Ops, At: at})
	for _, other := range d.Depends {
		f.AddGrant(&datastore.Grant{Function: f.name, Spec: other.Spec, Ops: other.Ops, At: at})
	}
	return f
}

// Deployment is what the function does to which store, nil for one that is declared.
func (f *Function) Deployment() (datastore.Spec, *datastore.Deployment) {
	return f.deployed, f.deployment
}
