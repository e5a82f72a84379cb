package template

import (
	"strconv"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// What a warehouse has that nobody declares.
const (
	warehouseOwner    = "app_owner"
	warehouseNode     = "ra3.large" // of a cluster, which has one
	warehouseCapacity = 8           // Redshift processing units of a workgroup
)

// warehouse adds a workgroup of Redshift Serverless with its namespace, or a cluster:
// encrypted, in the private network, by TLS alone. Functions reach it by the Data API
// and stay outside, unless it is declared to be reached by the wire. See
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-redshiftserverless-workgroup.html
// and https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-redshift-cluster.html.
func (s *stack) warehouse(store usedStore, spec warehouse.Spec) {
	id := policy.StoreID(spec)
	s.group(storeGroupID(spec), "Warehouse "+spec.Name(), store.at)
	groups := array{getAtt(storeGroupID(spec), "GroupId")}
	if spec.Product == warehouse.Serverless {
		s.thirdSubnet(store.at)
		name := ownName(spec.Name(), maxWorkgroupName)
		s.add(resource{
			id: id + "Namespace", typ: "AWS::RedshiftServerless::Namespace", at: store.at,
			attributes: object{{"DeletionPolicy", "Retain"}, {"UpdateReplacePolicy", "Retain"}},
			properties: object{
				{"NamespaceName", name},
				{"DbName", spec.Database},
				{"AdminUsername", warehouseOwner},
				{"ManageAdminPassword", true},
			},
		})
		s.add(resource{id: id, typ: "AWS::RedshiftServerless::Workgroup", at: store.at, properties: object{
			{"WorkgroupName", name},
			{"NamespaceName", ref(id + "Namespace")},
			{"BaseCapacity", warehouseCapacity},
			{"PubliclyAccessible", false},
			{"SubnetIds", s.threeSubnets()},
			{"SecurityGroupIds", groups},
			{"ConfigParameters", array{object{{"ParameterKey", "require_ssl"}, {"ParameterValue", "true"}}}},
		}})
		return
	}
	s.add(resource{id: id + "Subnets", typ: "AWS::Redshift::ClusterSubnetGroup", at: store.at, properties: object{
		{"Description", "Warehouse " + spec.Name()},
		{"SubnetIds", s.subnets()},
	}})
	s.add(resource{id: id + "Parameters", typ: "AWS::Redshift::ClusterParameterGroup", at: store.at, properties: object{
		{"Description", "Warehouse " + spec.Name()},
		{"ParameterGroupFamily", "redshift-1.0"},
		{"Parameters", array{object{{"ParameterName", "require_ssl"}, {"ParameterValue", "true"}}}},
	}})
	s.add(resource{
		id: id, typ: "AWS::Redshift::Cluster", at: store.at,
		attributes: object{{"DeletionPolicy", "Snapshot"}, {"UpdateReplacePolicy", "Snapshot"}},
		properties: object{
			{"ClusterType", "single-node"},
			{"NodeType", warehouseNode},
			{"DBName", spec.Database},
			{"MasterUsername", warehouseOwner},
			{"ManageMasterPassword", true},
			{"Encrypted", true},
			{"PubliclyAccessible", false},
			{"ClusterParameterGroupName", ref(id + "Parameters")},
			{"ClusterSubnetGroupName", ref(id + "Subnets")},
			{"VpcSecurityGroupIds", groups},
		},
	})
}

// warehouseURL is what the driver finds a warehouse by that is reached by the wire.
func warehouseURL(spec warehouse.Spec) reference {
	host := ".Endpoint.Address"
	if spec.Product == warehouse.Serverless {
		host = ".Workgroup.Endpoint.Address"
	}
	return sub("redshift://${" + policy.StoreID(spec) + host + "}:" + strconv.Itoa(warehouse.Port) + "/" + spec.Database)
}

// thirdSubnetID is the logical id of the subnet that workgroups want beside the two.
// See https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-usage-considerations.html.
const thirdSubnetID = "NetworkSubnetC"

// thirdSubnet adds it, once, to a network of the template's own.
func (s *stack) thirdSubnet(at datastore.Position) {
	for _, r := range s.resources {
		if r.id == thirdSubnetID {
			return
		}
	}
	if !s.given {
		s.subnet(thirdSubnetID, len(subnetIDs), at)
	}
}

func (s *stack) threeSubnets() any {
	if s.given {
		return s.subnets()
	}
	return append(s.subnets().(array), ref(thirdSubnetID))
}

// maxWorkgroupName is the length of the name of a workgroup and of a namespace.
const maxWorkgroupName = 64

// databaseRoles are the tags by which the role of a function says the database roles
// that its statements have in serverless warehouses.
// See https://docs.aws.amazon.com/redshift/latest/mgmt/redshift-iam-access-federated-db-roles.html.
func databaseRoles(usages []datastore.Usage) object {
	var roles []string
	for _, u := range usages {
		if w, ok := u.Spec.(warehouse.Spec); ok {
			roles = append(roles, w.Roles(u.Ops)...)
		}
	}
	if len(roles) == 0 {
		return nil
	}
	return object{{"Tags", array{object{{"Key", "RedshiftDbRoles"}, {"Value", strings.Join(roles, ":")}}}}}
}
