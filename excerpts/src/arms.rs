//! Which lines of a function handle which variant.

use std::collections::BTreeSet;

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{BinOp, Block, Expr, Macro, Pat, PatIdent, Path, Stmt, Token};

/// Variants that are looked for: the enum's name and the variant's.
pub type Variants = BTreeSet<(String, String)>;

/// Lines of a file, from 1, the last one included.
pub type Lines = (usize, usize);

/// The lines that something stands on.
pub fn lines_of(it: &impl Spanned) -> Lines {
    lines(it.span())
}

fn lines(span: Span) -> Lines {
    (span.start().line, span.end().line)
}

/// The arms of a function's body: a variant, and the lines that handle it. An arm is any pattern or
/// comparison that names the variant:
///
/// - an arm of a `match` is marked whole;
/// - of `if let`, and of an `if` that compares, what is marked ends with the block that runs;
/// - after `let` with a pattern, the rest of the block is marked;
/// - a comparison elsewhere marks its statement.
pub fn arms(body: &Block, wanted: &Variants) -> BTreeSet<(Lines, String)> {
    let mut finder = Finder { wanted, handles: lines_of(body), found: BTreeSet::new() };
    finder.visit_block(body);
    finder.found
}

struct Finder<'a> {
    wanted: &'a Variants,
    /// The lines that run, or are skipped, by what is being looked at.
    handles: Lines,
    found: BTreeSet<(Lines, String)>,
}

impl Finder<'_> {
    fn found(&mut self, names: BTreeSet<String>) {
        let handles = self.handles;
        self.found.extend(names.into_iter().map(|it| (handles, it)));
    }

    fn pattern(&mut self, pattern: &Pat) {
        let mut names = Names { wanted: self.wanted, found: BTreeSet::new() };
        names.visit_pat(pattern);
        self.found(names.found);
    }

    /// Goes on inside, where other lines are at stake.
    fn within(&mut self, handles: Lines, look: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.handles, handles);
        look(self);
        self.handles = outer;
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_block(&mut self, block: &'ast Block) {
        let end = block.stmts.last().map_or_else(|| lines_of(block), lines_of).1;
        for statement in &block.stmts {
            let (from, to) = lines_of(statement);
            self.within((from, to), |it| visit::visit_stmt(it, statement));
            if let Stmt::Local(local) = statement {
                self.within((from, end), |it| it.pattern(&local.pat));
            }
        }
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        self.within(lines_of(arm), |it| {
            // With the guard, where there is one.
            it.pattern(&arm.pat);
            visit::visit_arm(it, arm);
        });
    }

    fn visit_expr_if(&mut self, it: &'ast syn::ExprIf) {
        let handles = (lines_of(it).0, lines_of(&it.then_branch).1);
        self.within(handles, |finder| finder.visit_expr(&it.cond));
        self.visit_block(&it.then_branch);
        if let Some((_, otherwise)) = &it.else_branch {
            self.visit_expr(otherwise);
        }
    }

    fn visit_expr_let(&mut self, it: &'ast syn::ExprLet) {
        self.pattern(&it.pat);
        visit::visit_expr_let(self, it);
    }

    fn visit_expr_binary(&mut self, it: &'ast syn::ExprBinary) {
        if matches!(it.op, BinOp::Eq(_) | BinOp::Ne(_)) {
            let mut names = Names { wanted: self.wanted, found: BTreeSet::new() };
            names.visit_expr(&it.left);
            names.visit_expr(&it.right);
            self.found(names.found);
        }
        visit::visit_expr_binary(self, it);
    }

    fn visit_macro(&mut self, it: &'ast Macro) {
        if !it.path.is_ident("matches") {
            return;
        }
        let pattern = it.parse_body_with(|input: syn::parse::ParseStream| {
            input.parse::<Expr>()?;
            input.parse::<Token![,]>()?;
            let pattern = Pat::parse_multi_with_leading_vert(input)?;
            // A guard names nothing that is looked for.
            input.parse::<proc_macro2::TokenStream>()?;
            Ok(pattern)
        });
        if let Ok(pattern) = pattern {
            self.pattern(&pattern);
        }
    }
}

/// The variants that a pattern or an expression names.
struct Names<'a> {
    wanted: &'a Variants,
    found: BTreeSet<String>,
}

impl<'ast> Visit<'ast> for Names<'_> {
    fn visit_path(&mut self, path: &'ast Path) {
        let words: Vec<String> = path.segments.iter().map(|it| it.ident.to_string()).collect();
        let named = match &*words {
            [variant] => self.wanted.iter().any(|it| it.1 == *variant).then_some(variant),
            [.., of, variant] => {
                self.wanted.contains(&(of.clone(), variant.clone())).then_some(variant)
            }
            [] => None,
        };
        self.found.extend(named.cloned());
        visit::visit_path(self, path);
    }

    fn visit_pat_ident(&mut self, it: &'ast PatIdent) {
        let name = it.ident.to_string();
        if self.wanted.iter().any(|(_, variant)| *variant == name) {
            self.found.insert(name);
        }
        visit::visit_pat_ident(self, it);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The arms of a function, as `variant from–to`.
    fn of(source: &str) -> Vec<String> {
        let function: syn::ItemFn = syn::parse_str(source).unwrap();
        let variants = ["Made", "Lost"].map(|it| ("Event".to_owned(), it.to_owned()));
        let found = arms(&function.block, &variants.into());
        found.into_iter().map(|((from, to), name)| format!("{name} {from}–{to}")).collect()
    }

    #[test]
    fn an_arm_of_a_match_is_found_by_its_pattern_also_inside_of_others() {
        let source = "fn f() {
            match (event, other) {
                (Made { .. } | Event::Lost, _) if x => 1,
                (Some(Lost), _) => {
                    2
                }
                (Other::Made, Due::Lost) => 3,
                _ => Made {},
            }
        }";
        assert_eq!(of(source), ["Lost 3–3", "Made 3–3", "Lost 4–6"]);
    }

    #[test]
    fn a_condition_marks_the_block_that_runs_and_not_its_else() {
        let source = "fn f() {
            if let Some(Made { x }) = it
                && x > 0
            {
                a();
            } else {
                b();
            }
            if *event == (Lost {}) {
                c();
            }
        }";
        assert_eq!(of(source), ["Made 2–5", "Lost 9–11"].map(|it| it.replace("2–5", "2–6")));
    }

    #[test]
    fn a_pattern_after_let_marks_the_rest_of_its_block() {
        let source = "fn f() {
            a();
            let Some(Made { x }) = it else {
                return;
            };
            b();
            c()
        }";
        assert_eq!(of(source), ["Made 3–7"]);
    }

    #[test]
    fn a_comparison_elsewhere_marks_its_statement() {
        let source = "fn f() {
            let lost = matches!(event, Lost | Event::Made if x);
            let made = all.iter()
                .any(|it| it == &Made {});
            done(Made {});
        }";
        assert_eq!(of(source), ["Lost 2–2", "Made 2–2", "Made 3–4"]);
    }
}
