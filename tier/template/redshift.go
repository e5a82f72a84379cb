package template

import (
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// What a warehouse has that nobody declares.
const (
	warehouseCapacity = 8           // Redshift processing units, at first
	warehouseNode     = "ra3.large" // of a cluster
)

// thirdSubnetID is the logical id of the subnet that workgroups want beside the two.
const thirdSubnetID = "NetworkSubnetC"

// warehouse adds a serverless workgroup with its namespace, or a cluster of one node:
// encrypted, in the private network, its administrator's password kept by Redshift.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-redshiftserverless-workgroup.html
// and https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-redshift-cluster.html.
func (s *stack) warehouse(store usedStore, spec warehouse.Spec) {
	s.group(storeGroupID(spec), "Warehouse "+spec.Name(), store.at)
	groups := array{getAtt(storeGroupID(spec), "GroupId")}
	if spec.Product == warehouse.Provisioned {
		s.redshiftCluster(store, spec, groups)
		return
	}
	s.thirdSubnet(store.at)
	id := policy.StoreID(spec)
	s.add(resource{
		id: id + "Namespace", typ: "AWS::RedshiftServerless::Namespace", at: store.at,
		attributes: object{{"DeletionPolicy", "Retain"}, {"UpdateReplacePolicy", "Retain"}},
		properties: object{
			{"NamespaceName", uniqueName(spec)},
			{"DbName", spec.Database},
			{"AdminUsername", databaseOwner},
			{"ManageAdminPassword", true},
		},
	})
	s.add(resource{id: id, typ: "AWS::RedshiftServerless::Workgroup", at: store.at, properties: object{
		{"WorkgroupName", uniqueName(spec)},
		{"NamespaceName", ref(id + "Namespace")},
		{"BaseCapacity", warehouseCapacity},
		{"PubliclyAccessible", false},
		{"SubnetIds", append(subnets(), ref(thirdSubnetID))},
		{"SecurityGroupIds", groups},
	}})
}

func (s *stack) redshiftCluster(store usedStore, spec warehouse.Spec, groups array) {
	id := policy.StoreID(spec)
	s.add(resource{id: id + "Subnets", typ: "AWS::Redshift::ClusterSubnetGroup", at: store.at, properties: object{
		{"Description", "Warehouse " + spec.Name()},
		{"SubnetIds", subnets()},
	}})
	s.add(resource{
		id: id, typ: "AWS::Redshift::Cluster", at: store.at,
		attributes: object{{"DeletionPolicy", "Snapshot"}, {"UpdateReplacePolicy", "Snapshot"}},
		properties: object{
			{"ClusterType", "single-node"},
			{"NodeType", warehouseNode},
			{"DBName", spec.Database},
			{"MasterUsername", databaseOwner},
			{"ManageMasterPassword", true},
			{"Encrypted", true},
			{"PubliclyAccessible", false},
			{"ClusterSubnetGroupName", ref(id + "Subnets")},
			{"VpcSecurityGroupIds", groups},
		},
	})
}

// thirdSubnet adds a subnet in a third zone, once.
func (s *stack) thirdSubnet(at datastore.Position) {
	for _, r := range s.resources {
		if r.id == thirdSubnetID {
			return
		}
	}
	s.subnet(thirdSubnetID, len(subnetIDs), at)
}

// uniqueName is a name in lower case: that of the store and the stack's own id. The
// names of workgroups are not made by CloudFormation.
func uniqueName(spec warehouse.Spec) object {
	prefix := strings.ToLower(strings.ReplaceAll(spec.Name(), "_", "-"))
	stack := object{{"Fn::Select", array{2, object{{"Fn::Split", array{"/", ref("AWS::StackId")}}}}}}
	return object{{"Fn::Join", array{"-", array{prefix[:min(len(prefix), 27)], stack}}}}
}

// databaseRoles are the roles in warehouses that the function's role is tagged with,
// "" for none.
func databaseRoles(f *tier.Function) string {
	var roles []string
	for _, u := range datastore.Usages(f.Grants()) {
		if spec, ok := u.Spec.(warehouse.Spec); ok {
			roles = append(roles, spec.Roles(u.Ops)...)
		}
	}
	return strings.Join(roles, ":")
}
